import { Command } from 'commander'
import type { Check } from './checks/check'
import { checkDatabase } from './checks/database'
import { checkCampaigns } from './checks/lostCampaigns'
import { checkMerges } from './checks/lostMerges'
import { checkUndosOfMany } from './checks/lostUndos'
import { checkPortal } from './checks/portal'
import { checkTemporal } from './checks/temporal'
import { Places, withPlaces, type SharedOptions } from './context'
import { EXIT } from './exitCodes'
import { print, printJson, styled } from './output'

/** `ontdubbel doctor`: looks at everything that the product needs, and says what to do about what is wrong. */
export function doctorCommand(): Command {
  return withPlaces(new Command('doctor'))
    .description(
      'check every connection, version, migration and search attribute, and find merges, campaigns and undos of many whose workflow is gone',
    )
    .option('--json', 'one JSON document')
    .action(doctor)
}

async function doctor(options: SharedOptions): Promise<void> {
  const checks = await checkAll(new Places(options.dataDir))
  const ok = checks.every((check) => check.ok)
  if (options.json) printJson({ ok, checks })
  else printChecks(checks)
  process.exitCode = ok ? EXIT.done : EXIT.failed
}

/** All checks; one that cannot be made because a server is down is left out. */
export async function checkAll(places: Places): Promise<Check[]> {
  const [database, temporal, portal] = await Promise.all([
    checkDatabase(places),
    checkTemporal(places),
    checkPortal(places),
  ])
  try {
    const lost =
      database.client && temporal.client
        ? [
            ...(await checkMerges(database.client, temporal.client)),
            ...(await checkCampaigns(database.client, temporal.client)),
            ...(await checkUndosOfMany(database.client, temporal.client)),
          ]
        : []
    return [...database.checks, ...temporal.checks, ...portal, ...lost]
  } finally {
    await database.client?.end()
    await temporal.client?.connection.close()
  }
}

function printChecks(checks: readonly Check[]): void {
  const width = Math.max(...checks.map(({ check }) => check.length))
  for (const { check, ok, message, remedy } of checks) {
    print(`${ok ? styled('green', '✓') : styled('red', '✗')} ${check.padEnd(width)}  ${message}`)
    if (remedy) print(`  ${' '.repeat(width)}  → ${remedy}`)
  }
}
