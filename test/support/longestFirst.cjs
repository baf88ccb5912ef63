// The order of the test files: the longest first, so that no process works alone at the end. The others as jest orders them: by
// how long they took, or by their size where they have not run here yet.
const { createRequire } = require('node:module')
const path = require('node:path')
const { default: Sequencer } = createRequire(require.resolve('jest'))('@jest/test-sequencer')

/** Those that take 25 s and more, three at a time on two processors, the longest first. */
const LONGEST = [
  'frozen-and-restarted',
  'undo',
  'killed-at-every-point',
  'reset-and-terminated',
  'undo-meets-the-patron',
  'campaign-goes-on-anew',
  'thirty-days',
  'stack',
  'campaign-killed',
  'scenarios',
  'late-writes-follow',
  'real-servers',
  'portal-fails-at-each-call',
  'undo-at-a-failing-portal',
  'undo-many-killed',
  'rolling-restart',
  'nobody-in-the-histories',
  'portal-changes-meanwhile',
  'large-patrons',
  'waiting-and-commands',
  'campaign-portal',
  'the-feed',
  'undo-many',
  'campaign',
  'campaign-steered',
  'portal-accounts',
  'dutch-at-the-desk',
  'races',
  'import-fuzzed',
  'first-pair',
  'campaign-commands',
  'late-writes-come-back',
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
