/** A charge and a payment as the interchange file has them: amounts in euro cents. */
interface Charge {
  id: number
  library: string
  amount: number
}
interface Payment {
  charge: number
  amount: number
}

/** A charge with what is still owed of it, in euro cents. */
export type OpenCharge<C extends Charge> = C & { open: number }

/** What a patron owes at one library, in euro cents. */
export interface Balance {
  library: string
  open: number
  charges: number
}

/** The charges of which something is owed, in the order given. */
export function openCharges<C extends Charge>(charges: readonly C[], payments: readonly Payment[]): OpenCharge<C>[] {
  const paid = new Map<number, number>()
  for (const { charge, amount } of payments) paid.set(charge, (paid.get(charge) ?? 0) + amount)
  return charges
    .map((charge) => ({ ...charge, open: charge.amount - (paid.get(charge.id) ?? 0) }))
    .filter(({ open }) => open > 0)
}

/** What is owed at each library where anything is. */
export function balances(charges: readonly Charge[], payments: readonly Payment[]): Balance[] {
  const at = new Map<string, Balance>()
  for (const { library, open } of openCharges(charges, payments)) {
    const before = at.get(library) ?? { library, open: 0, charges: 0 }
    at.set(library, { library, open: before.open + open, charges: before.charges + 1 })
  }
  return [...at.values()].sort((a, b) => (a.library < b.library ? -1 : 1))
}
