/** Where the shared Temporal server is. In a file without imports: who asks for it need not load the SDK's worker. */
export function temporalAddress(): string {
  const address = process.env.TEST_TEMPORAL_ADDRESS
  if (!address) throw new Error('no test Temporal server: run the tests with npm test')
  return address
}
