import { handBack, ledger, MERGES } from './sql'
import { step } from './step'

/**
 * R4, R5: charges move, settled and open, membership fees included; no amount changes. Payments hang on their charge and
 * go with it. Noted: the libraries where both have an open membership fee.
 */
export const transferFees = step('transferFees', {
  forward: [
    `with ${MERGES},
    moved as (
      update charge c set patron = m.kept, written_for = coalesce(c.written_for, m.removed)
      from m where c.patron = m.removed
      returning m.id as merge, c.library, c.kind = 'membership' and c.paid < c.amount as open_membership,
        c.amount - c.paid as open_cents),
    n as (
      select merge, count(*) as charges, count(*) filter (where open_cents > 0) as open, sum(open_cents) as open_cents,
        array_agg(distinct library) filter (where open_membership) as membership
      from moved group by merge)
    ${ledger(
      'transferFees',
      `select m.id, jsonb_build_object('charges', coalesce(n.charges, 0), 'open', coalesce(n.open, 0),
          'openCents', coalesce(n.open_cents, 0)), null::jsonb,
        (select jsonb_build_object('membershipAtBoth', jsonb_agg(distinct c.library)) from charge c
          where c.patron = m.kept and c.library = any(n.membership) and c.kind = 'membership' and c.paid < c.amount
          having count(*) > 0)
       from m left join n on n.merge = m.id`,
    )}`,
  ],
  reverse: [handBack('charge')],
})
