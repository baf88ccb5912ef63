import { changesOf, ledger, MERGES } from './sql'
import { step } from './step'

/**
 * R11, after R9: the kept record gets the block when either record was registered online and it has no national number now
 * (R9 gave it one if either side had one), unless it is blocked already. The removed record's block is not carried over.
 */
export const applyInternetBlock = step('applyInternetBlock', {
  forward: [
    `with ${MERGES},
    blocked as (
      update patron k set internet_block = 'online-registration' from m join patron r on r.id = m.removed
      where k.id = m.kept and k.internet_block is null and k.national_number is null
        and (k.registered_online or r.registered_online)
      returning m.id as merge, jsonb_build_object('table', 'patron', 'id', k.id,
        'was', jsonb_build_object('internet_block', null), 'now', jsonb_build_object('internet_block', k.internet_block)) as change)
    ${ledger(
      'applyInternetBlock',
      `select m.id, jsonb_build_object('blocked', count(b.change)), jsonb_agg(b.change) filter (where b.change is not null), null::jsonb
       from m left join blocked b on b.merge = m.id group by m.id`,
    )}`,
  ],
  reverse: [
    `with ${changesOf('applyInternetBlock', 'patron')}
    update patron p set internet_block = null from changes c
    where p.id = c.kept and p.internet_block = c.now ->> 'internet_block'`,
  ],
})
