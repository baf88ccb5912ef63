import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { at } from './say.mjs'

/** A hash of these files and of all `.ts` files of these folders, names and contents. */
export function fingerprint(names) {
  const hash = createHash('sha256')
  for (const name of names.flatMap((name) => filesOf(name)).sort()) {
    hash
      .update(`${name}\0`)
      .update(readFileSync(at(name)))
      .update('\0')
  }
  return hash.digest('hex')
}

function filesOf(name) {
  if (!existsSync(at(name))) return []
  if (path.extname(name) !== '') return [name]
  return readdirSync(at(name), { withFileTypes: true }).flatMap((entry) => {
    const inside = `${name}/${entry.name}`
    if (entry.isDirectory()) return filesOf(inside)
    return inside.endsWith('.ts') ? [inside] : []
  })
}

/** What a step wrote down when it was done last, or null. */
export function remembered(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}

/** Writes down what a step was done for. */
export function remember(file, text) {
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, text)
}
