/** @type {import('jest').Config} */
module.exports = {
  rootDir: __dirname,
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testEnvironment: 'node',
  runtime: '<rootDir>/test/support/runtime.cjs',
  testSequencer: '<rootDir>/test/support/longestFirst.cjs',
  transform: { '^.+\\.m?[jt]s$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } }] },
  // published as ES modules only, which jest cannot require on Node 20
  transformIgnorePatterns: ['/node_modules/(?!(node-pg-migrate|glob|minimatch|brace-expansion|balanced-match|path-scurry|lru-cache|minipass)/)'],
  globalSetup: '<rootDir>/test/support/globalSetup.ts',
  globalTeardown: '<rootDir>/test/support/globalTeardown.ts',
  testTimeout: 120_000,
  // of two processors: files wait for servers and processes as much as they compute
  maxWorkers: 3,
}
