#!/usr/bin/env node
'use strict'

const { existsSync, statSync } = require('node:fs')
const nodeModule = require('node:module')
const path = require('node:path')

const dist = path.join(__dirname, '..', 'dist')
const main = path.join(dist, 'src', 'cli', 'start.js')
/** What people wait for at a desk is bundled at set-up: a start computes 0.4 times as much. The rest runs as it was built. */
const bundle = path.join(dist, 'command.js')
const [major, minor] = process.versions.node.split('.').map(Number)

if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`ontdubbel needs Node 20.19 or newer; this is ${process.versions.node}.`)
  process.exit(1)
}
if (!existsSync(main)) {
  console.error('ontdubbel is not built yet. Run npm run setup in its folder first.')
  process.exit(1)
}
const { BUNDLED, runBundle } = require('./bundle')
if (BUNDLED.includes(process.argv[2]) && isUpToDate(bundle)) {
  runBundle(bundle)
} else {
  // Node 22 and newer keep what they compiled
  nodeModule.enableCompileCache?.()
  require(main)
}

/** Whoever builds by hand (tsc alone) gets what they built. */
function isUpToDate(file) {
  const changed = (one) => statSync(one, { throwIfNoEntry: false })?.mtimeMs ?? 0
  return changed(file) > changed(path.join(dist, '.tsbuildinfo'))
}
