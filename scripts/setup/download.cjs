// node download.cjs cli|test-server VERSION FOLDER: has the SDK download that server into FOLDER, start it and stop it. In a
// process of its own, since the SDK cannot be told to give up.
const { TestWorkflowEnvironment } = require('@temporalio/testing')

async function main([kind, version, downloadDir]) {
  const server = { executable: { type: 'cached-download', version, downloadDir } }
  const environment =
    kind === 'cli'
      ? await TestWorkflowEnvironment.createLocal({ server })
      : await TestWorkflowEnvironment.createTimeSkipping({ server })
  await environment.teardown()
}

main(process.argv.slice(2)).then(
  () => process.exit(0),
  (error) => {
    // its innermost reason alone: the rest says the same address three times
    console.error(String(error.message).split(': ').pop())
    process.exit(1)
  },
)
