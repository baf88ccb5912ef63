import { z } from 'zod'

/** `docs/portal-openapi.yaml` as far as the client reads answers. Keys that it does not know are let be. */

export const ACTOR_IDS_PER_SEARCH = 500

const actorId = z.int().min(1)
const text = z.string().min(1)

export const searchAnswer = z.object({
  links: z.array(z.object({ account: text, library: text, actorId })),
})

export const outcomeAnswer = z.object({ outcome: z.enum(['done', 'already']) })

export const healthAnswer = z.object({ status: z.literal('ok') })

/** The codes of the contract; another one is not repeated to anybody. */
export const problemAnswer = z.object({
  code: z.enum([
    'bad-request',
    'unauthorized',
    'forbidden',
    'account-gone',
    'link-gone',
    'unknown-path',
    'method-not-allowed',
    'link-exists-already',
    'too-large',
    'unsupported-media-type',
    'idempotency-key-reused',
    'refused',
    'too-many-requests',
    'internal-error',
    'unavailable',
  ]),
})

/** A line of a dump of the reference portal. */
export const portalAccountLine = z.strictObject({
  type: z.literal('portalAccount'),
  id: text,
  links: z.array(z.strictObject({ library: text, actorId })),
})
