import { createHash } from 'node:crypto'
import type { Pool } from 'pg'
import { run, runOne, statement } from '../database/statement'
import type { AppliedIntent } from '../portal/intent'
import type { LinkIntent } from '../portal/links'
import { PORTAL_NOT_ENDED } from './store'

/** `round`: 1, or the how-manieth time this link had to be moved. */
export interface RoundIntent extends LinkIntent {
  merge: number
  round: number
}

/** Which link of which merge. */
type Place = Omit<RoundIntent, 'to' | 'action'>

export const doneIntents = statement<Place>(
  'portal.doneIntents',
  `select merge, account, library, actor_id as "from", round from portal_intent
   where merge = any($1) and (outcome is not null or reverted is not null)`,
)

const addIntents = statement(
  'portal.addIntents',
  `insert into portal_intent (merge, account, library, actor_id, action, target, round)
   select m.id, a, l, f, act, t, r
   from unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::bigint[], $7::int[]) x (merge, a, l, f, act, t, r)
   join merge m on m.id = x.merge
   where m.status = 'retired' and ${PORTAL_NOT_ENDED}
   on conflict (merge, account, library, actor_id) do update set action = excluded.action, target = excluded.target, outcome = null,
     round = excluded.round, asked = '{}', reverted = null
   where (portal_intent.outcome is not null or portal_intent.reverted is not null) and portal_intent.round = excluded.round - 1`,
)

export const openIntents = statement<RoundIntent>(
  'portal.openIntents',
  // a record between that is there again, since a later merge was undone, keeps its link
  `select i.merge, i.account, i.library, i.actor_id as "from", i.target as "to", i.action, i.round
   from portal_intent i join patron p on p.id = i.actor_id and p.merged_into is not null
   where i.merge = any($1) and i.outcome is null and i.reverted is null order by i.merge, i.account, i.library, i.actor_id`,
)

const meant = statement<{ before: number[] }>(
  'portal.meant',
  `update portal_intent i set target = $5, asked = array_remove(i.asked, $5) || $5::bigint from merge m
   where i.merge = $1 and i.account = $2 and i.library = $3 and i.actor_id = $4 and i.round = $6 and i.outcome is null
     and m.id = i.merge and m.status = 'retired' and ${PORTAL_NOT_ENDED}
   returning to_jsonb(old.asked) as before`,
)

const intentDone = statement(
  'portal.intentDone',
  // of two attempts at once the one that moved the link knows, whichever comes last
  `update portal_intent set outcome = $5, target = case when $5 = 'gone-already' then target else $7 end
   where merge = $1 and account = $2 and library = $3 and actor_id = $4 and round = $6
     and (outcome is null or outcome = 'gone-already')`,
)

/**
 * The idempotency key of one intent: account ids are not ours and may be long, so they stand in it hashed. A link that comes
 * back after it was moved is another round, or the portal would answer that it has done so already.
 */
export function keyOf(
  merge: number,
  { account, library, from, round }: Pick<RoundIntent, 'account' | 'library' | 'from' | 'round'>,
): string {
  const link = createHash('sha256')
    .update(JSON.stringify([account, library, from]))
    .digest('hex')
  return `ontdubbel/${merge}/${link}/${round}`
}

const declined = statement(
  'portal.intentDeclined',
  `update portal_intent set asked = array_remove(asked, $6)
   where merge = $1 and account = $2 and library = $3 and actor_id = $4 and round = $5`,
)

/**
 * Before each call: commits that it is made, with this target. Gives those with which it was asked for before, the last last;
 * undefined where another attempt has done it, the portal's part was given up, or the merge is being undone.
 */
export async function stillMeant(pool: Pool, intent: RoundIntent): Promise<number[] | undefined> {
  const { merge, account, library, from, to, round } = intent
  return (await runOne(pool, meant, [merge, account, library, from, to, round]))?.before
}

/** Commits what shall become of each link, before its first call; `moved` are those carried out before: one seen again is another round. */
export async function storeIntents(
  pool: Pool,
  planned: readonly (LinkIntent & { merge: number })[],
  moved: readonly Place[],
): Promise<void> {
  if (planned.length === 0) return
  const place = ({ merge, account, library, from }: Omit<Place, 'round'>) =>
    JSON.stringify([merge, account, library, from])
  const rounds = new Map(moved.map((intent) => [place(intent), intent.round]))
  await run(pool, addIntents, [
    planned.map((intent) => intent.merge),
    planned.map((intent) => intent.account),
    planned.map((intent) => intent.library),
    planned.map((intent) => intent.from),
    planned.map((intent) => intent.action),
    planned.map((intent) => intent.to),
    planned.map((intent) => (rounds.get(place(intent)) ?? 0) + 1),
  ])
}

/** The portal has said that it does not do what was asked with this target for the first time: no call is on its way. */
export async function storeDeclined(pool: Pool, intent: RoundIntent): Promise<void> {
  const { merge, account, library, from, to, round } = intent
  await run(pool, declined, [merge, account, library, from, round, to])
}

/** What came of it at the portal. */
export async function storeOutcome(pool: Pool, intent: RoundIntent, applied: AppliedIntent): Promise<void> {
  const { merge, account, library, from, to, round } = intent
  await run(pool, intentDone, [merge, account, library, from, applied.outcome, round, to])
}
