import type { FastifyReply } from 'fastify'
import { contentType, type Answer } from './answers'
import type { Outcome } from './behave'
import type { Counters } from './counters'

export type Deliver = (reply: FastifyReply, outcome: Outcome, operation: string | undefined) => FastifyReply

/** Sends an answer whole, or not at all, or cuts the connection half-way through it; and counts it. */
export function createDeliver(counters: Counters): Deliver {
  return (reply, { answer, delivery }, operation) => {
    counters.answered(operation ?? 'none', answer === undefined || delivery !== 'whole' ? delivery : answer.status)
    if (answer === undefined || delivery === 'lost') {
      reply.hijack()
      reply.raw.destroy()
      return reply
    }
    if (delivery === 'whole') return send(reply, answer)
    reply.hijack()
    const { headers, bytes } = wire(answer)
    reply.raw.writeHead(answer.status, { ...headers, 'content-length': bytes.length })
    reply.raw.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => reply.raw.destroy())
    return reply
  }
}

/** Sends an answer as it is. */
export function send(reply: FastifyReply, answer: Answer): FastifyReply {
  const { headers, bytes } = wire(answer)
  return reply.code(answer.status).headers(headers).send(bytes)
}

function wire(answer: Answer) {
  const headers = { ...answer.headers, 'content-type': contentType(answer) }
  return { headers, bytes: Buffer.from(JSON.stringify(answer.body)) }
}
