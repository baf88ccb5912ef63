/** A portal account belongs to the patron with this actor id at this library; one for each of these three together. */
export interface PortalLink {
  readonly account: string
  readonly library: string
  readonly actorId: number
}

/** The link of an account at a library that is to point to another actor id. */
export interface LinkChange {
  readonly account: string
  readonly library: string
  readonly from: number
  readonly to: number
}

/** What a merge wants of one link (R13); committed before the first call. */
export interface LinkIntent extends LinkChange {
  /** `remove` where the account had a link to `to` as well when the links were read. */
  readonly action: 'change' | 'remove'
}

/** An account with its links, as the interchange file has it. */
export interface PortalAccount {
  readonly type: 'portalAccount'
  readonly id: string
  readonly links: readonly { readonly library: string; readonly actorId: number }[]
}
