import { parseSync } from '@swc/core'
import { readdirSync } from 'node:fs'
import path from 'node:path'

const ROOT = path.join(__dirname, '..', '..')

/** The TypeScript files of some folders of the repository, by their paths from its root. */
export function filesOf(...folders: string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => path.join(folder, file)),
  )
}

export function absolute(file: string): string {
  return path.join(ROOT, file)
}

type Node = Record<string, unknown> & { type: string }

/** A text in a source, `{}` where a template has a value, and the names of the calls and keys that it stands in. */
export interface SourceText {
  text: string
  within: string[]
}

/** All string literals and templates of a TypeScript source. */
export function textsIn(source: string): SourceText[] {
  const found: SourceText[] = []
  visit(parseSync(source, { syntax: 'typescript' }), [], (node, within) => {
    if (node.type === 'StringLiteral') found.push({ text: String(node.value), within })
    if (node.type === 'TemplateLiteral') {
      const pieces = node.quasis as { cooked?: string; raw: string }[]
      found.push({ text: pieces.map(({ cooked, raw }) => cooked ?? raw).join('{}'), within })
    }
  })
  return found
}

/** How many objects of a source have a text for each language. */
export function pairsIn(source: string): number {
  let count = 0
  visit(parseSync(source, { syntax: 'typescript' }), [], (node) => {
    if (node.type !== 'ObjectExpression') return
    const keys = (node.properties as Node[]).map(nameOfKey)
    if (keys.includes('en') && keys.includes('nl')) count += 1
  })
  return count
}

function visit(value: unknown, within: string[], look: (node: Node, within: string[]) => void): void {
  if (Array.isArray(value)) for (const one of value) visit(one, within, look)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return
  const node = value as Node
  if (typeof node.type === 'string') look(node, within)
  const name = nameOf(node)
  const inner = name === undefined ? within : [...within, name]
  for (const [key, child] of Object.entries(node)) if (key !== 'span') visit(child, inner, look)
}

/** `tell` for a call of tell, `.option` for one of a method, `new Error`, `description:` for a key, `TABLE` for a constant. */
function nameOf(node: Node): string | undefined {
  if (node.type === 'CallExpression') return calledName(node.callee as Node)
  if (node.type === 'NewExpression') return `new ${calledName(node.callee as Node) ?? ''}`
  if (node.type === 'VariableDeclarator') return String((node.id as Node).value)
  if (node.type === 'KeyValueProperty') return `${nameOfKey(node) ?? ''}:`
  return undefined
}

function calledName(callee: Node): string | undefined {
  if (callee.type === 'Identifier') return String(callee.value)
  if (callee.type === 'MemberExpression') return `.${String((callee.property as Node).value)}`
  return undefined
}

function nameOfKey(property: Node): string | undefined {
  const key = property.key as Node | undefined
  return key && 'value' in key ? String(key.value) : undefined
}
