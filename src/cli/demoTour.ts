import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Pool } from 'pg'
import { createPool } from '../database/pool'
import { runOne, statement } from '../database/statement'
import { OntdubbelError } from '../domain/errors'
import { todayInBrussels } from '../domain/moments'
import { demoConsortium } from '../generator/demo'
import { packageRoot } from '../packageRoot'
import type { StackInfo } from '../stack/stackFile'
import { EXIT } from './exitCodes'
import { print, styled } from './output'

/** The command line, as users run it. */
export const LAUNCHER = path.join(packageRoot, 'bin', 'ontdubbel.js')

type Ontdubbel = (args: (string | number)[], expected?: number) => Promise<void>
type Pairs = ReturnType<typeof demoConsortium>['pairs']

/** The demo's story. Each command is run as it is shown; one that ends otherwise than it should ends the demo. */
export async function demoTour(dataDir: string, info: StackInfo): Promise<void> {
  const { records, pairs, list } = demoConsortium({ today: todayInBrussels() })
  const file = path.join(dataDir, 'consortium.ndjson')
  writeFileSync(file, records.map((record) => `${JSON.stringify(record)}\n`).join(''))
  const ontdubbel: Ontdubbel = (args, expected = EXIT.done) => run(args.map(String), dataDir, expected)

  heading('A small consortium of three libraries, from a file')
  await ontdubbel(['import', file])
  await aMerge(ontdubbel, pairs)
  await twoPeople(ontdubbel, pairs)
  const pool = createPool(info.databaseUrl, { max: 1 })
  try {
    await thePortalIsDown(ontdubbel, pairs, pool)
    await aWayBack(ontdubbel, pairs, pool)
  } finally {
    await pool.end()
  }

  await aCampaign(ontdubbel, pairs, list, path.join(dataDir, 'pairs.csv'))
  print(
    `\nThe same in the Temporal UI, each with its state in words: ${info.temporal.ui}/namespaces/${info.temporal.namespace}/workflows`,
  )
}

async function aMerge(ontdubbel: Ontdubbel, { warnings: { keep, remove } }: Pairs): Promise<void> {
  heading(`Patrons ${keep} and ${remove} are one person. The one that stays, before`)
  await ontdubbel(['patron', 'show', keep])
  heading('What the merge would do, and what staff should know first: a preview changes nothing')
  await ontdubbel(['preview', keep, remove])
  heading('Without accepting what cannot be undone, nothing happens')
  await ontdubbel(['merge', keep, remove], EXIT.refused)
  heading('Accepted by name: the merge, step by step, by a Temporal workflow')
  await ontdubbel(['merge', keep, remove, '--accept', 'history-erased', '--reason', 'the demo'])
  heading(`Patron ${keep}, after. Everything of ${remove} is here`)
  await ontdubbel(['patron', 'show', keep])
  heading(`${remove} leads to the kept record`)
  await ontdubbel(['patron', 'show', remove])
}

async function twoPeople(ontdubbel: Ontdubbel, { twins, onlineRegistration, twoNumbers }: Pairs): Promise<void> {
  heading('Two people are not merged by accident: twins')
  await ontdubbel(['preview', twins.keep, twins.remove])
  heading('… an online registration that nobody has verified')
  await ontdubbel(['merge', onlineRegistration.keep, onlineRegistration.remove], EXIT.refused)
  heading('… two national numbers')
  await ontdubbel(['merge', twoNumbers.keep, twoNumbers.remove], EXIT.refused)
}

const ledger = statement<{ merge: number; steps: number; attempts: number; times: string }>(
  'demo.ledger',
  `select m.id as merge, count(*)::int as steps, sum(s.attempts)::int as attempts, string_agg(s.done_at::text, ' ' order by s.step) as times
   from merge m join merge_step s on s.merge = m.id and s.step <> 'syncPortalLinks'
   where m.kept = $1 and m.removed = $2 group by m.id`,
)

async function thePortalIsDown(ontdubbel: Ontdubbel, { simple: { keep, remove } }: Pairs, pool: Pool): Promise<void> {
  heading('A second merge, while the portal is down: the records are merged, the portal is waited for')
  await ontdubbel(['portal', 'behave', 'down'])
  await ontdubbel(['merge', keep, remove], EXIT.waits)
  await ontdubbel(['merge', 'list', '--status', 'waiting-for-portal'])
  const before = await runOne(pool, ledger, [keep, remove])
  heading('The portal is back. It would be tried within a minute by itself; retry-portal does it now')
  await ontdubbel(['portal', 'behave', 'ok'])
  await ontdubbel(['merge', 'retry-portal', before?.merge ?? 0])
  const after = await runOne(pool, ledger, [keep, remove])
  if (!before || !after || before.times !== after.times)
    throw new OntdubbelError('demo-failed', 'A step of the database ran twice.')
  print(
    `The ledger: ${after.steps} steps in the database, ${after.attempts} attempts, each done at the moment it had before: none ran twice.`,
  )
}

const lend = statement<{ card: string }>(
  'demo.lend',
  `insert into loan (id, patron, library, item, title, loaned_on, due_on, card)
   select (select max(id) + 1 from loan), $1, (select library from loan order by id limit 1), '03000000042', 'T42', d.today,
     d.today + 21, (select number from card where patron = $1 and written_for = $2 order by number limit 1)
   from (select (now() at time zone 'Europe/Brussels')::date as today) d
   returning card`,
)

async function aWayBack(ontdubbel: Ontdubbel, { simple: { keep, remove } }: Pairs, pool: Pool): Promise<void> {
  const lent = await runOne(pool, lend, [keep, remove])
  heading(`Meanwhile a desk lends a book with the card ${lent?.card ?? '?'}, which came with ${remove}`)
  await ontdubbel(['patron', 'show', lent?.card ?? 0])
  heading('Later somebody sees that these were two people. What an undo would do')
  const merge = (await runOne(pool, ledger, [keep, remove]))?.merge ?? 0
  await ontdubbel(['undo', merge, '--preview'])
  heading('Two records again, the loan with the one whose card it was')
  await ontdubbel(['undo', merge, '--reason', 'two people after all'])
  await ontdubbel(['patron', 'show', remove])
  heading('And nobody merges them again by mistake')
  await ontdubbel(['merge', keep, remove], EXIT.refused)
}

/** The number of the demo's only one: its database is new. */
const CAMPAIGN = 1
const LOOKED_AT = 100

async function aCampaign(
  ontdubbel: Ontdubbel,
  { onlineRegistration, inCollection }: Pairs,
  list: readonly { keep: number; remove: number }[],
  file: string,
): Promise<void> {
  const all = [...list.slice(0, LOOKED_AT / 2), inCollection, onlineRegistration, ...list.slice(LOOKED_AT / 2)]
  writeFileSync(file, ['keep,remove', ...all.map(({ keep, remove }) => `${keep},${remove}`), ''].join('\n'))
  heading(
    `A campaign: ${all.length} pairs from a list, one of them with a bailiff, one that must be accepted. What it would do`,
  )
  await ontdubbel(['campaign', 'preview', '--pairs', file])
  heading(`It pauses after the first ${LOOKED_AT}, for a look`)
  const options = ['--name', 'The demo', '--pace', 'full', '--first', LOOKED_AT, '--wait']
  await ontdubbel(['campaign', 'start', '--pairs', file, ...options], EXIT.waits)
  await ontdubbel(['campaign', 'report', CAMPAIGN, '--outcome', 'refused'])
  await ontdubbel(['campaign', 'report', CAMPAIGN, '--outcome', 'needs-acceptance'])
  heading('It looks well: the rest')
  await ontdubbel(['campaign', 'resume', CAMPAIGN])
  await ontdubbel(['campaign', 'status', CAMPAIGN, '--wait'])
}

/** The title of a part of the demo. */
export function heading(text: string): void {
  print(`\n${styled('bold', `— ${text}`)}`)
}

/** Runs a command of ours as a user would, shows it, and expects its exit code. */
async function run(args: string[], dataDir: string, expected: number): Promise<void> {
  const typed = args.map((arg) => (/^[\w./:-]+$/.test(arg) ? arg : `"${arg}"`)).join(' ')
  print(styled('cyan', `$ ontdubbel ${typed}`))
  const child = spawn(process.execPath, [LAUNCHER, ...args, '--data-dir', dataDir], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== expected) {
    throw new OntdubbelError(
      'demo-failed',
      `"ontdubbel ${typed}" ended with ${code ?? 'a signal'}, not with ${expected}.`,
    )
  }
}
