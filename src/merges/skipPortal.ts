import type { Pool, PoolClient } from 'pg'
import { judgeFailure } from '../database/failures'
import { run, runOne, statement } from '../database/statement'
import { inPlainTransaction } from '../database/transaction'
import { givenUpNotice } from '../domain/sentences'
import { recordCommand, type Who } from './commands'

/** A desk that took the same id at the same moment was first: the next one is asked for. */
const TRIES = 5
/** Any number that nothing else of ours locks by: whoever gives out ids of messages waits for the one before. */
const IDS_OF_MESSAGES_LOCK = 7_300_002

const lock = statement<{ kept: number; removed: number }>(
  'skipPortal.lock',
  `select kept, removed from merge
   where id = $1 and status = 'retired' and portal in ('pending', 'waiting', 'refused', 'gave-up') for no key update`,
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

const lockIds = statement('skipPortal.lockIds', `select from pg_advisory_xact_lock($1::bigint)`)

const leaveNotices = statement<{ id: number }>(
  'skipPortal.leaveNotices',
  `insert into message (id, patron, library, kind, text, created_at, author)
   select greatest((select coalesce(max(id), 0) from message), f.floor) + x.n, $1, x.library, 'notice', x.text, clock_timestamp(), 'ontdubbel'
   from id_floor f, unnest($2::text[], $3::text[]) with ordinality x (library, text, n)
   where f.kind = 'message' and exists (select from library l where l.id = x.library)
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
  for (let tried = 1; ; tried++) {
    try {
      return await inPlainTransaction(pool, (client) => skipOnce(client, merge, who))
    } catch (error) {
      if (judgeFailure(error) !== 'unique' || tried >= TRIES) throw error
    }
  }
}

async function skipOnce(client: PoolClient, merge: number, who: Who): Promise<boolean> {
  const locked = await runOne(client, lock, [merge])
  if (!locked) return false
  const { kept, removed } = locked
  const libraries = (await run(client, librariesGivenUp, [merge])).map(({ library }) => library)
  let notices: { id: number }[] = []
  if (libraries.length > 0) {
    await run(client, lockIds, [IDS_OF_MESSAGES_LOCK])
    const texts = libraries.map((library) => givenUpNotice({ removed, library }))
    // for the kept record of this merge: merged on meanwhile, the redirect sends it along
    notices = await run(client, leaveNotices, [kept, libraries, texts])
  }
  await run(client, skip, [merge, notices.map(({ id }) => id)])
  await recordCommand(client, merge, 'skip-portal', who)
  return true
}
