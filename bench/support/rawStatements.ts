import { statement } from '../../src/database/statement'

/**
 * The rules of a merge (R1 to R12, R14 with nothing taken over by name) as somebody would write them who wants them done
 * and nothing else. Each takes ($1 bigint[] kept, $2 bigint[] removed, $3 date), a pair being what
 * stands at the same place of both; the first one takes no date.
 */

const PAIRS = `p as materialized (
   select keep, remove, $3::date as on_date from unnest($1::bigint[], $2::bigint[]) as p (keep, remove))`

/** Locks both records of each pair, and leaves out the pairs that are refused. */
export const takeRaw = statement<{ keep: number; remove: number }>(
  'raw.take',
  `with p as (select keep, remove from unnest($1::bigint[], $2::bigint[]) as p (keep, remove)),
   r as materialized (
     select p.keep, p.remove, r.national_number, r.legitimation from p join patron r on r.id = p.remove
     where r.merged_into is null and not r.protected
       and not exists (select from charge c where c.patron = r.id and c.in_collection and c.paid < c.amount)
     order by r.id for update of r)
   select r.keep, r.remove from r join patron k on k.id = r.keep
   where k.merged_into is null and not k.protected
     and coalesce(coalesce(k.national_number, national_number_in(k.legitimation))
       = coalesce(r.national_number, national_number_in(r.legitimation)), true)
   for no key update of k`,
)

function move(table: string): string {
  return `with ${PAIRS} update ${table} t set patron = p.keep from p where t.patron = p.remove`
}

const loans = statement('raw.loans', move('loan'))

const holdsCollapse = statement(
  'raw.holdsCollapse',
  `with ${PAIRS},
   losers as (
     select case when (r.status <> 'ready', r.placed_at, r.id) < (k.status <> 'ready', k.placed_at, k.id) then k.id else r.id end as id
     from p join hold r on r.patron = p.remove and r.status <> 'cancelled'
     join hold k on k.patron = p.keep and k.library = r.library and k.title = r.title and k.status <> 'cancelled')
   update hold h set status = 'cancelled', reason = 'duplicate-after-merge' from losers l where h.id = l.id`,
)

const holds = statement('raw.holds', move('hold'))

const historyErased = statement(
  'raw.historyErased',
  `with ${PAIRS},
   erased as (
     select p.remove, h.id from p join loan_history h on h.patron = p.remove
     where exists (select from subscription s where s.patron = p.remove and s.library = h.library)
       and exists (select from subscription s where s.patron = p.keep and s.library = h.library)
       and not exists (select from history_preference k where k.patron = p.keep and k.library = h.library and k.enabled))
   delete from loan_history h using erased e where h.id = e.id`,
)

const history = statement('raw.history', move('loan_history'))

const preferencesDropped = statement(
  'raw.preferencesDropped',
  `with ${PAIRS}
   delete from history_preference h using p
   where h.patron = p.remove and (
     exists (select from history_preference k where k.patron = p.keep and k.library = h.library)
     or (exists (select from subscription s where s.patron = p.remove and s.library = h.library)
       and exists (select from subscription s where s.patron = p.keep and s.library = h.library)))`,
)

const preferences = statement('raw.preferences', move('history_preference'))

const charges = statement('raw.charges', move('charge'))

const contacts = statement(
  'raw.contacts',
  `with ${PAIRS},
   theirs as materialized (
     select p.keep, c.id, c.kind, c.is_primary, d.id as double,
       exists (select from contact k where k.patron = p.keep and k.kind = c.kind and k.is_primary) as kept_has_primary
     from p join contact c on c.patron = p.remove
     left join lateral (
       select k.id from contact k where k.patron = p.keep and k.key = c.key order by k.kind <> c.kind, k.id limit 1) d on true),
   doubled as (delete from contact c using theirs t where c.id = t.id and t.double is not null),
   marked as (
     update contact k set is_primary = true from theirs t
     where k.id = t.double and t.is_primary and k.kind = t.kind and not t.kept_has_primary)
   update contact c set patron = t.keep, is_primary = c.is_primary and not t.kept_has_primary
   from theirs t where c.id = t.id and t.double is null`,
)

const messages = statement('raw.messages', move('message'))

const cards = statement('raw.cards', move('card'))

const subscriptionsExpired = statement(
  'raw.subscriptionsExpired',
  `with ${PAIRS}
   delete from subscription s using p where s.patron = p.remove and not is_active(s.stopped_on, s.ends_on, p.on_date)`,
)

const subscriptions = statement(
  'raw.subscriptions',
  `with ${PAIRS}
   update subscription s set patron = p.keep, stopped_on = case when exists (
       select from subscription k where k.patron = p.keep and k.library = s.library and is_active(k.stopped_on, k.ends_on, p.on_date))
     then p.on_date else s.stopped_on end
   from p where s.patron = p.remove`,
)

const keptRecord = statement(
  'raw.keptRecord',
  `with ${PAIRS}
   update patron k set national_number = n.number, registered_on = least(k.registered_on, r.registered_on),
     last_activity_on = greatest(k.last_activity_on, r.last_activity_on),
     internet_block = case when k.internet_block is null and n.number is null and (k.registered_online or r.registered_online)
       then 'online-registration' else k.internet_block end
   from p join patron r on r.id = p.remove join patron k0 on k0.id = p.keep,
     lateral (select coalesce(k0.national_number, r.national_number, national_number_in(k0.legitimation),
       national_number_in(r.legitimation)) as number) n
   where k.id = p.keep`,
)

const removedRecord = statement(
  'raw.removedRecord',
  `with ${PAIRS}
   update patron r set merged_into = p.keep, retired_at = now() from p where r.id = p.remove`,
)

/** In order: R3 before R10 deletes subscriptions. */
export const RAW = [
  loans,
  holdsCollapse,
  holds,
  historyErased,
  history,
  preferencesDropped,
  preferences,
  charges,
  contacts,
  messages,
  cards,
  subscriptionsExpired,
  subscriptions,
  keptRecord,
  removedRecord,
] as const
