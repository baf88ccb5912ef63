import { createHash, timingSafeEqual } from 'node:crypto'

/** Tells whether an Authorization header holds this bearer token, in a time that does not depend on how wrong it is. */
export function createTokenCheck(token: string): (authorization: string | undefined) => boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  const right = digest(token)
  return (authorization) => {
    const given = /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
    return given !== undefined && timingSafeEqual(digest(given), right)
  }
}
