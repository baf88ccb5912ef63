#!/usr/bin/env node
'use strict'

const { existsSync } = require('node:fs')
const nodeModule = require('node:module')
const path = require('node:path')

const main = path.join(__dirname, '..', 'dist', 'src', 'cli', 'main.js')
const [major, minor] = process.versions.node.split('.').map(Number)

if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`ontdubbel needs Node 20.19 or newer; this is ${process.versions.node}.`)
  process.exit(1)
}
if (!existsSync(main)) {
  console.error('ontdubbel is not built yet. Run npm run setup in its folder first.')
  process.exit(1)
}
// Node 22 and newer keep what they compiled: a command starts in half the time
nodeModule.enableCompileCache?.()
require(main)
