// The order of the test files: the longest first, so that no process works alone at the end. The others as jest orders them: by
// how long they took, or by their size where they have not run here yet.
const { createRequire } = require('node:module')
const path = require('node:path')
const { default: Sequencer } = createRequire(require.resolve('jest'))('@jest/test-sequencer')

/** Those that take half a minute and more, the longest first. */
const LONGEST = [
  'killed-at-every-point',
  'frozen-and-restarted',
  'undo',
  'campaign-killed',
  'reset-and-terminated',
  'thirty-days',
  'undo-at-a-failing-portal',
  'portal-fails-at-each-call',
  'stack',
  'rolling-restart',
  'undo-meets-the-patron',
  'nobody-in-the-histories',
  'late-writes-follow',
  'the-feed',
  'large-patrons',
  'campaign-goes-on-anew',
]

module.exports = class extends Sequencer {
  sort(tests) {
    const rank = (test) => {
      const at = LONGEST.indexOf(path.basename(test.path, '.test.ts'))
      return at === -1 ? LONGEST.length : at
    }
    return super.sort(tests).sort((a, b) => rank(a) - rank(b))
  }
}
