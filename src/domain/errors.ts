/**
 * An error that a person reads: what happened, to which id, what to do next. It never quotes personal data.
 * `exitCode` is what the command line ends with (cli.md): 1 failed, 2 bad input or usage, 3 refused, 4 waits.
 */
export class OntdubbelError extends Error {
  override readonly name = 'OntdubbelError'

  constructor(
    readonly code: string,
    message: string,
    readonly exitCode: 1 | 2 | 3 | 4 = 1,
    readonly details: Record<string, unknown> = {},
  ) {
    super(message)
  }
}

/** Whether `error` is an OntdubbelError, by name: errors cross realms under jest and in worker threads. */
export function isOntdubbelError(error: unknown): error is OntdubbelError {
  return error instanceof Error && error.name === 'OntdubbelError'
}
