import type { Pool, PoolClient } from 'pg'
import { againWhereTaken, nextId } from '../database/nextIds'
import { run, runOne, statement } from '../database/statement'
import { inPlainTransaction } from '../database/transaction'
import { givenUpNotice } from '../domain/sentences'
import { recordCommand, type Who } from './commands'
import { PORTAL_NOT_ENDED } from './store'

const lock = statement<{ kept: number; removed: number }>(
  'skipPortal.lock',
  `select kept, removed from merge
   where id = $1 and status = 'retired' and ${PORTAL_NOT_ENDED} for no key update`,
)

/**
 * The libraries whose links are given up: those of the intents that were not carried out; where the portal never told which
 * links there are, those at which the removed record was registered.
 */
const librariesGivenUp = statement<{ library: string }>(
  'skipPortal.libraries',
  `with asked as (select library, outcome from portal_intent where merge = $1),
   registered as (
     select s.library from merge m join subscription s on s.patron = live_patron(m.kept) and s.written_for = m.removed
     where m.id = $1
     union select w ->> 'library' from merge_step, jsonb_array_elements(was) w
     where merge = $1 and step = 'transferSubscriptions')
   select library from asked where outcome is null
   union select library from registered where library is not null and not exists (select from asked)
   order by library`,
)

const writeNotices = statement<{ id: number }>(
  'skipPortal.leaveNotices',
  `insert into message (id, patron, library, kind, text, created_at, author)
   select $4::bigint + x.n - 1, $1, x.library, 'notice', x.text, clock_timestamp(), 'ontdubbel'
   from unnest($2::text[], $3::text[]) with ordinality x (library, text, n)
   where exists (select from library l where l.id = x.library)
   returning id`,
)

const skip = statement(
  'skipPortal.skip',
  `with skipped as (
     update merge set portal = 'skipped', attention = null, ended_at = clock_timestamp() where id = $1 returning id),
   n as (
     select count(*) filter (where outcome = 'changed') as changed, count(*) filter (where outcome = 'removed') as removed,
       count(*) filter (where outcome = 'gone-already') as gone, count(*) filter (where outcome is null) as given_up
     from portal_intent where merge = $1)
   insert into merge_step (merge, step, counts, noted, done_at)
   select s.id, 'syncPortalLinks', jsonb_build_object('changed', n.changed, 'removed', n.removed, 'goneAlready', n.gone,
     'givenUp', n.given_up, 'notices', cardinality($2::bigint[])), jsonb_build_object('notices', to_jsonb($2::bigint[])), clock_timestamp()
   from skipped s, n on conflict (merge, step) do nothing`,
)

/**
 * Gives the portal part of a merge up (domain.md): the kept record gets a notice for each library whose link is given up,
 * with the remedy; the ledger notes them, so that an undo takes them away. False where there is nothing (left) to give up:
 * the portal part has ended, or the record is not retired. One transaction; done twice it changes once.
 */
export async function skipPortal(pool: Pool, merge: number, who: Who): Promise<boolean> {
  return againWhereTaken(() => inPlainTransaction(pool, (client) => skipOnce(client, merge, who)))
}

async function skipOnce(client: PoolClient, merge: number, who: Who): Promise<boolean> {
  const locked = await runOne(client, lock, [merge])
  if (!locked) return false
  const { kept, removed } = locked
  const libraries = (await run(client, librariesGivenUp, [merge])).map(({ library }) => library)
  // for the kept record of this merge: merged on meanwhile, the redirect sends them along
  const notices = await leaveNotices(client, kept, libraries, (library) => givenUpNotice({ removed, library }))
  await run(client, skip, [merge, notices])
  await recordCommand(client, merge, 'skip-portal', who)
  return true
}

/** Leaves a record a notice for each library, numbered as the product numbers what it writes; gives their ids. */
export async function leaveNotices(
  client: PoolClient,
  patron: number,
  libraries: readonly string[],
  textFor: (library: string) => string,
): Promise<number[]> {
  if (libraries.length === 0) return []
  const values = [patron, libraries, libraries.map(textFor), await nextId(client, 'message')]
  return (await run(client, writeNotices, values)).map(({ id }) => id)
}
