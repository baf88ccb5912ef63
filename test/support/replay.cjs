// Replays histories against the built workflows and prints the names of those that they would not have made, one a line.
// In a process of its own: jest makes other classes than the SDK's workflow sandbox expects.
const { readFileSync } = require('node:fs')
const path = require('node:path')
const { temporal } = require('@temporalio/proto')
const { DefaultLogger, Runtime, Worker } = require('@temporalio/worker')

const [codePath, ...files] = process.argv.slice(2)
Runtime.install({
  logger: new DefaultLogger('ERROR', () => {}),
  telemetryOptions: { logging: { forward: {}, filter: { core: 'ERROR', other: 'ERROR' } } },
})

async function main() {
  const histories = files.map((file) => ({
    workflowId: path.basename(file, '.history'),
    history: temporal.api.history.v1.History.decode(readFileSync(file)),
  }))
  for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle: { codePath } }, histories)) {
    if (error) process.stdout.write(`${workflowId}\n`)
  }
}

main().then(
  () => process.exit(0),
  (error) => {
    process.stderr.write(`${error.stack}\n`)
    process.exit(1)
  },
)
