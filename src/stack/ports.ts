import { createServer } from 'node:net'
import type { Child } from './children'

/** Everything listens here and nowhere else. */
export const LOOPBACK = '127.0.0.1'

/** What each part listens on when nobody else does. */
export const USUAL_PORTS = { postgres: 5432, temporal: 7233, temporalUi: 8233, portal: 8400 } as const

/** The ports given out in this process: one asked for and not yet listened on is free only to look at. */
const givenOut = new Set<number>()

/** `usual` when nobody listens on it, else a free one; without `usual` always a free one. */
async function choosePort(usual?: number): Promise<number> {
  if (usual !== undefined && !givenOut.has(usual) && (await isFree(usual))) {
    givenOut.add(usual)
    return usual
  }
  for (;;) {
    const port = await listenOnce(0)
    if (port !== null && !givenOut.has(port)) {
      givenOut.add(port)
      return port
    }
  }
}

/** Somebody may take a port between our look at it and the start of what shall listen there. */
const PORT_TRIES = 4
const TAKEN = /address already in use|EADDRINUSE|port is already in use|can't set TCP port|could not bind/i

/**
 * Starts a process on ports of its own: the wanted ones if they are free, else free ones, and others again where somebody
 * was faster. `wanted` 0 means any free one. Resolves when it is `ready`; whatever fails stops the process.
 */
export async function startOnPorts<Name extends string>(
  wanted: Record<Name, number>,
  start: (ports: Record<Name, number>) => Promise<Child>,
  ready: (child: Child, ports: Record<Name, number>) => Promise<void>,
): Promise<{ child: Child; ports: Record<Name, number> }> {
  for (let attempt = 1; ; attempt++) {
    const ports = { ...wanted }
    for (const name of Object.keys(wanted) as Name[]) {
      ports[name] = await choosePort(attempt === 1 && wanted[name] !== 0 ? wanted[name] : undefined)
    }
    const child = await start(ports)
    void child.ended.then(() => Object.values<number>(ports).forEach((port) => givenOut.delete(port)))
    try {
      await ready(child, ports)
      return { child, ports }
    } catch (error) {
      const taken = !child.running && !child.asked && TAKEN.test(child.log())
      await child.stop()
      if (!taken || attempt === PORT_TRIES) throw error
    }
  }
}

async function isFree(port: number): Promise<boolean> {
  return (await listenOnce(port)) !== null
}

/** The port it got, or null when `port` is taken. */
function listenOnce(port: number): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(null)
      else reject(error)
    })
    server.listen({ port, host: LOOPBACK, exclusive: true }, () => {
      const address = server.address()
      const got = typeof address === 'object' && address !== null ? address.port : null
      server.close(() => resolve(got))
    })
  })
}
