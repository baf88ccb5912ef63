// How jest runs a test file, but for packages that take long to load and keep nothing between two callers: they are loaded
// once in a test process, not again by each file.
const { createRequire } = require('node:module')
const { default: Runtime } = createRequire(require.resolve('jest'))('jest-runtime')

const SHARED = new Set(['@temporalio/proto', 'protobufjs', 'protobufjs/light', 'memfs', 'rxjs', 'undici', 'zod'])

module.exports = class extends Runtime {
  requireModuleOrMock(from, name) {
    return SHARED.has(name) ? require(name) : super.requireModuleOrMock(from, name)
  }
}
