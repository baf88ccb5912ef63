// Of Temporal's core, removes what was built for other platforms: for an image, which has one. Some 100 MB.
import { readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { at } from './setup/say.mjs'

const CPU = { x64: 'x86_64', arm64: 'aarch64' }
const releases = at('node_modules', '@temporalio', 'core-bridge', 'releases')
const ours = `${CPU[process.arch]}-unknown-linux-gnu`
const all = readdirSync(releases)
if (!all.includes(ours)) throw new Error(`Temporal's core has nothing for ${ours}: ${all.join(', ')}`)
for (const other of all.filter((name) => name !== ours)) rmSync(path.join(releases, other), { recursive: true })
