import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expectGone } from './leavesNothing'

/** The ways in which it answers; each with the names it was given in whatever it says. */
export const MANNERS = [
  'an error page',
  'a refusal',
  'busy',
  'links of somebody else',
  'no JSON',
  'a redirect',
  'half an answer',
] as const
export type Manner = (typeof MANNERS)[number]

export interface TalkativePortal {
  url: string
  /** How it answers a search for this actor id, and whatever comes after that. Without: as a portal without links does. */
  answers(actorId: number, manner: Manner): void
  stop(): Promise<void>
}

/** A portal that puts names into everything that it answers. */
export async function talkativePortal(names: string): Promise<TalkativePortal> {
  const manners = new Map<number, Manner>()
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      const [manner] = numbersIn(body).flatMap((id) => manners.get(id) ?? [])
      answer(response, manner, names)
    })
  })
  const forget = expectGone('a portal that names people')
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answers: (actorId, manner) => void manners.set(actorId, manner),
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      forget()
    },
  }
}

function numbersIn(body: string): number[] {
  return (body.match(/\d+/g) ?? []).map(Number)
}

function answer(response: ServerResponse, manner: Manner | undefined, names: string): void {
  const problem = JSON.stringify({ code: names, title: names, detail: names, account: names })
  switch (manner) {
    case undefined:
      return void response.end('{"links":[]}')
    case 'an error page':
      return void response.writeHead(500, names, { 'x-who': names }).end(`<h1>${names}</h1>`)
    case 'a refusal':
      return void response.writeHead(422, names).end(problem)
    case 'busy':
      return void response.writeHead(429, { 'retry-after': names }).end(problem)
    case 'links of somebody else':
      return void response.end(JSON.stringify({ links: [{ account: names, library: names, actorId: 1 }] }))
    case 'no JSON':
      return void response.end(names)
    case 'a redirect':
      return void response.writeHead(302, { location: `/${encodeURIComponent(names)}` }).end()
    case 'half an answer':
      response.writeHead(200, { 'content-length': '1000' }).write(`{"links":[{"account":"${names}`)
      setTimeout(() => response.destroy(), 20)
  }
}
