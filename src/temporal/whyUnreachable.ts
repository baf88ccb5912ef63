import net from 'node:net'
import tls from 'node:tls'
import { NETWORK_FAILURES, networkFailure, type NetworkFailure, type Unreachable } from '../domain/networkFailures'
import type { TemporalSettings } from './settings'

const DEFAULT_PORT = 7233
/** How long one look may take: whoever asks has waited for the connection already. */
const LOOK_MS = 2_000
/** What an HTTP/2 client says first, with empty settings; a server answers with settings of its own. */
const HELLO = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1')
/** Where in a frame of HTTP/2 its type stands, and the type of settings. */
const TYPE_AT = 3
const SETTINGS = 4
/** What a TLS server that is not spoken TLS to says, if anything: an alert, or a sentence of HTTP. */
const TLS_ALERT = 0x15
/** gRPC's codes. */
const PERMISSION_DENIED = 7
const UNAUTHENTICATED = 16

/** What was seen at the other end. */
type Seen = NetworkFailure | 'speaks' | 'wants-tls' | 'ended-after-tls' | 'something-else'

const REMEDIES: Record<Seen, string> = {
  'nobody-listens': 'Start it, or the embedded stack ("ontdubbel up"); check TEMPORAL_ADDRESS.',
  'no-such-host': 'Check the host in TEMPORAL_ADDRESS.',
  'no-way-there': 'Check TEMPORAL_ADDRESS, and the network between here and there.',
  silent: 'Check TEMPORAL_ADDRESS, and firewalls between here and there.',
  'broken-off': 'Check TEMPORAL_ADDRESS, and what stands between here and there.',
  'not-trusted':
    'Set TEMPORAL_TLS_SERVER_CA_CERT_PATH to the certificate of the authority that made it; ask whoever runs the server.',
  expired: 'Ask whoever runs the server for a new certificate.',
  'not-yet-valid': 'Set the clock; else ask whoever runs the server.',
  'other-name': 'Check the host in TEMPORAL_ADDRESS, or set TEMPORAL_TLS_SERVER_NAME to the name in the certificate.',
  'no-tls-there': 'Unset TEMPORAL_TLS and the other TEMPORAL_TLS_* variables, or check TEMPORAL_ADDRESS.',
  'client-certificate':
    'Set TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH to a certificate that the server takes; ask whoever runs it.',
  'bad-certificate-file':
    'Check that the files named by TEMPORAL_TLS_* are PEM, and that certificate and key belong together.',
  'wants-tls': 'Set TEMPORAL_TLS=true; for an authority of your own TEMPORAL_TLS_SERVER_CA_CERT_PATH too.',
  'ended-after-tls':
    'Set TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH to a certificate that the server takes; ask whoever runs it.',
  'something-else': 'Check host and port in TEMPORAL_ADDRESS.',
  speaks: 'Look into the log of the Temporal server.',
}

const SAID: Partial<Record<Seen, string>> = {
  'wants-tls': 'it wants TLS',
  'ended-after-tls':
    'it takes TLS and then breaks the connection off, as a server does that refuses the client certificate',
  'something-else': 'something else than a Temporal server answers there',
  speaks: 'it answers, but not to what this program asks first',
}

/** Why no connection came about: by the code of gRPC's answer, else by a look at what is there. */
export async function whyUnreachable(
  options: TemporalSettings['connectionOptions'],
  error: unknown,
): Promise<Unreachable> {
  const code = grpcCode(error)
  if (code === UNAUTHENTICATED || code === PERMISSION_DENIED)
    return refused(addressOf(options), options.apiKey !== undefined)
  return inWords(options, await look(options))
}

/** What is plainly wrong without having tried to connect; null where it may come about yet. */
export async function whyNotAtAll(options: TemporalSettings['connectionOptions']): Promise<Unreachable | null> {
  const seen = await look(options)
  return seen === 'speaks' || seen === 'silent' ? null : inWords(options, seen)
}

function inWords(options: TemporalSettings['connectionOptions'], seen: Seen): Unreachable {
  const why =
    seen === 'client-certificate' && !hasClientCertificate(options.tls)
      ? 'it wants a client certificate'
      : (SAID[seen] ?? NETWORK_FAILURES[seen as NetworkFailure])
  const remedy =
    seen === 'no-tls-there' && options.apiKey !== undefined
      ? `${REMEDIES[seen]} An API key is sent over TLS, unless TEMPORAL_TLS=false says otherwise.`
      : REMEDIES[seen]
  return { message: `The Temporal server at ${addressOf(options)} cannot be reached: ${why}.`, remedy }
}

function addressOf({ address }: TemporalSettings['connectionOptions']): string {
  return address ?? `localhost:${DEFAULT_PORT}`
}

function refused(address: string, withKey: boolean): Unreachable {
  return withKey
    ? {
        message: `The Temporal server at ${address} refuses the API key.`,
        remedy: 'Check TEMPORAL_API_KEY: has it expired, and is it for this namespace?',
      }
    : {
        message: `The Temporal server at ${address} refuses whoever shows no key or certificate.`,
        remedy: 'Set TEMPORAL_API_KEY, or TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH.',
      }
}

/** gRPC's code of an error of the client (its cause has it) or of the worker's connection (its words name it). */
function grpcCode(error: unknown): number | undefined {
  const { code, cause, message } = error as { code?: unknown; cause?: { code?: unknown }; message?: string }
  for (const found of [code, cause?.code]) if (typeof found === 'number') return found
  if (/unauthenticated|valid authentication credentials/i.test(message ?? '')) return UNAUTHENTICATED
  return /permission denied|does not have permission/i.test(message ?? '') ? PERMISSION_DENIED : undefined
}

function hasClientCertificate(tlsOptions: TemporalSettings['connectionOptions']['tls']): boolean {
  return typeof tlsOptions === 'object' && tlsOptions !== null && Boolean(tlsOptions.clientCertPair)
}

/** Connects as the client would, and says what it saw. */
async function look(options: TemporalSettings['connectionOptions']): Promise<Seen> {
  const { tls: tlsOptions = options.apiKey !== undefined } = options
  const [, bracketed, plain, port] = /^(?:\[(.+)\]|([^:]+))(?::(\d+))?$/.exec(addressOf(options)) ?? []
  const host = bracketed ?? plain
  if (host === undefined) return 'no-such-host'
  const place = { host, port: Number(port ?? DEFAULT_PORT) }
  if (!tlsOptions) return watch(() => net.connect(place), 'connect', false)
  const { serverNameOverride, serverRootCACertificate, clientCertPair } = tlsOptions === true ? {} : tlsOptions
  const name = serverNameOverride ?? host
  return watch(
    () =>
      tls.connect({
        ...place,
        ALPNProtocols: ['h2'],
        // names of hosts only: an address has no place there
        ...(net.isIP(name) === 0 && { servername: name }),
        ...(serverRootCACertificate && { ca: Buffer.from(serverRootCACertificate) }),
        ...(clientCertPair && { cert: Buffer.from(clientCertPair.crt), key: Buffer.from(clientCertPair.key) }),
      }),
    'secureConnect',
    true,
  )
}

/** Says hello on a fresh connection and tells what comes back: words, an error, an end, or nothing for as long as it waits. */
function watch(connect: () => net.Socket, ready: 'connect' | 'secureConnect', secure: boolean): Promise<Seen> {
  return new Promise((resolve) => {
    let socket: net.Socket
    let connected = false
    const done = (seen: Seen) => {
      clearTimeout(timer)
      socket?.destroy()
      resolve(seen)
    }
    const timer = setTimeout(() => done('silent'), LOOK_MS)
    try {
      socket = connect()
    } catch (error) {
      done(networkFailure((error as { code?: unknown }).code) ?? 'bad-certificate-file')
      return
    }
    socket.once(ready, () => {
      connected = true
      socket.write(HELLO)
    })
    socket.once('data', (said: Buffer) => done(heard(said, secure)))
    // a server that wants TLS may end what is not in silence
    const ended = () => done(!connected ? 'broken-off' : secure ? 'ended-after-tls' : 'wants-tls')
    socket.once('end', ended)
    socket.once('error', (error: NodeJS.ErrnoException) => {
      const failure = networkFailure(error.code) ?? 'broken-off'
      if (failure === 'broken-off') ended()
      else done(failure)
    })
  })
}

function heard(said: Buffer, secure: boolean): Seen {
  if (said[TYPE_AT] === SETTINGS && said[0] === 0) return 'speaks'
  if (!secure && (said[0] === TLS_ALERT || /https/i.test(said.toString('latin1')))) return 'wants-tls'
  return 'something-else'
}
