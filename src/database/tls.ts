import { accessSync, constants } from 'node:fs'
import { OntdubbelError } from '../domain/errors'

/** What libpq knows, less `allow` and `prefer`: they promise nothing, and the driver cannot fall back. */
const MODES = ['disable', 'require', 'verify-ca', 'verify-full']
/** What an address of a database begins with; others (a socket's folder) are left to the driver. */
const ADDRESS = /^postgres(ql)?:\/\//

/**
 * A database's address as the driver must be given it so that `sslmode` and `sslrootcert` mean what they mean to psql,
 * pg_dump and every other tool: one address serves all. `require` encrypts and trusts whom it meets (with `sslrootcert`, whom
 * that authority vouches for); `verify-full` checks authority and name, without `sslrootcert` (or with `system`) by the
 * authorities that Node trusts.
 * @throws OntdubbelError `bad-settings`; it never quotes the address, which may hold a password
 */
export function withLibpqTls(address: string): string {
  if (!ADDRESS.test(address)) return address
  const [place, query = ''] = split(address)
  const asked = new URLSearchParams(query)
  const mode = asked.get('sslmode')
  if (mode === null && asked.get('sslrootcert') === null) return address
  if (mode !== null && !MODES.includes(mode)) {
    throw wrong(`sslmode in the address of the database is none of ${MODES.join(', ')}.`)
  }
  const authorities = asked.get('sslrootcert')
  if (authorities === 'system') asked.delete('sslrootcert')
  else if (mode === 'verify-ca' && authorities === null) {
    throw wrong('sslmode=verify-ca needs sslrootcert, the file of the authority. Else use sslmode=verify-full.')
  }
  for (const name of ['sslrootcert', 'sslcert', 'sslkey']) requireFile(name, asked.get(name))
  asked.set('uselibpqcompat', 'true')
  return `${place}?${asked.toString()}`
}

/** Not with URL: an address without a host is one to the driver. */
function split(address: string): [string, string?] {
  const at = address.indexOf('?')
  return at < 0 ? [address] : [address.slice(0, at), address.slice(at + 1)]
}

function requireFile(name: string, file: string | null): void {
  if (file === null) return
  try {
    accessSync(file, constants.R_OK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw wrong(
      `${name} in the address of the database names ${file}, which cannot be read (${code ?? 'no reason known'}).`,
    )
  }
}

function wrong(message: string): OntdubbelError {
  return new OntdubbelError('bad-settings', message, 2)
}
