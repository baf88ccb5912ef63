import { existsSync } from 'node:fs'
import path from 'node:path'

/** The folder of package.json: the same from `src` (under jest) and from `dist` (in production). */
export const packageRoot = find(__dirname)

function find(folder: string): string {
  if (existsSync(path.join(folder, 'package.json'))) return folder
  const parent = path.dirname(folder)
  if (parent === folder) throw new Error('package.json is missing: the program has been moved out of its folder')
  return find(parent)
}
