'use strict'

const { readFileSync } = require('node:fs')
const { createRequire } = require('node:module')
const path = require('node:path')
const { Script } = require('node:vm')

/** The commands that are bundled: what people wait for. */
exports.BUNDLED = ['merge', 'undo', 'preview', 'patron', 'register', 'changes']

/**
 * Runs a bundle as `require` would: a function as that makes them, in ASCII. From the code that V8 compiled at set-up
 * (`<file>.cache`) where that is of this V8, else it compiles. Gives the script.
 */
exports.runBundle = function runBundle(file) {
  const script = new Script(readFileSync(file, 'latin1'), { filename: file, cachedData: cacheOf(file) })
  const module = { exports: {} }
  script.runInThisContext().call(module.exports, module.exports, createRequire(file), module, file, path.dirname(file))
  return script
}

function cacheOf(file) {
  try {
    return readFileSync(`${file}.cache`)
  } catch {
    return undefined
  }
}
