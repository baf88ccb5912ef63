/** What stands before a server in real life and speaks TLS. */
import { once } from 'node:events'
import http2 from 'node:http2'
import net, { type AddressInfo } from 'node:net'
import tls, { type TlsOptions } from 'node:tls'
import { expectGone } from './leavesNothing'

export interface TlsServer {
  /** host:port */
  address: string
  stop(): Promise<void>
}

/** Takes TLS off and hands the bytes on to `to` (host:port). */
export async function startTlsProxy(to: string, options: TlsOptions): Promise<TlsServer> {
  const [host, port] = to.split(':')
  const server = tls.createServer(options, (secure) => {
    const plain = net.connect({ host: host ?? '', port: Number(port) })
    for (const [one, other] of [
      [secure, plain],
      [plain, secure],
    ] as const) {
      one.on('error', () => other.destroy())
      one.pipe(other)
    }
  })
  return listening(server, `TLS proxy to ${to}`, () => {})
}

/** A call as it arrived. */
export interface Call {
  path: string
  authorization: string | undefined
}

export interface GrpcServer extends TlsServer {
  calls: Call[]
}

/** What gRPC calls not being let in. */
export const UNAUTHENTICATED = 16
export const PERMISSION_DENIED = 7

/**
 * Takes TLS off a gRPC server's calls and hands them on, one by one: sees their metadata, and refuses with the gRPC status
 * that `refuse` names.
 */
export async function startGrpcProxy(
  to: string,
  options: http2.SecureServerOptions,
  refuse: (call: Call) => number | null = () => null,
): Promise<GrpcServer> {
  const calls: Call[] = []
  const upstream = http2.connect(`http://${to}`)
  upstream.on('error', () => {})
  const server = http2.createSecureServer(options)
  server.on('sessionError', () => {})
  server.on('stream', (stream, headers) => {
    const call = { path: String(headers[':path']), authorization: headers.authorization }
    calls.push(call)
    stream.on('error', () => {})
    const status = refuse(call)
    if (status !== null) {
      stream.respond(
        { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': String(status), 'grpc-message': 'no' },
        { endStream: true },
      )
      return
    }
    const { ':authority': _, ...kept } = headers
    const request = upstream.request({ ...kept, ':authority': to, ':scheme': 'http' })
    request.on('error', () => stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR))
    stream.on('close', () => request.close(http2.constants.NGHTTP2_CANCEL))
    stream.pipe(request)
    let trailers: http2.IncomingHttpHeaders = {}
    request.on('trailers', (told) => (trailers = told))
    request.on('response', (told, flags) => {
      if (stream.destroyed) return
      if (flags & http2.constants.NGHTTP2_FLAG_END_STREAM) {
        stream.respond(told, { endStream: true })
        return
      }
      stream.respond(told, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers(trailers))
      request.pipe(stream)
    })
  })
  const listens = await listening(server, `gRPC proxy to ${to}`, () => upstream.destroy())
  return { ...listens, calls }
}

async function listening(server: tls.Server, what: string, alsoStop: () => void): Promise<TlsServer> {
  const open = new Set<net.Socket>()
  server.on('connection', (socket: net.Socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    socket.on('error', () => {})
  })
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const forget = expectGone(what)
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      for (const socket of open) socket.destroy()
      alsoStop()
      server.close()
      await once(server, 'close')
      forget()
    },
  }
}
