'use strict'
// For health checks in a container, which has no curl: `node healthy.js URL` ends with 0 where the address answers well. Of
// metrics it also asks whether the worker has anybody who asks Temporal for work: a process that hangs has none.
const TIMEOUT_MS = 4_000

async function main(url) {
  const answer = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) })
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`)
  if (!url.endsWith('/metrics')) return
  const polls = (await answer.text()).split('\n').some((line) => /^temporal_num_pollers\{.*\} [1-9]/.test(line))
  if (!polls) throw new Error('nobody asks Temporal for work')
}

main(process.argv[2] ?? '').catch((error) => {
  process.stderr.write(`${error.cause?.code ?? error.message}\n`)
  process.exitCode = 1
})
