'use strict'

const { createRequire } = require('node:module')

const SERVICE = 'temporal.api.workflowservice.v1.WorkflowService'
/** What the commands of the bundle call of the server: whoever adds one names its calls here. */
const CALLS = [
  'DescribeWorkflowExecution',
  'ExecuteMultiOperation',
  'GetSystemInfo',
  'PollWorkflowExecutionUpdate',
  'SignalWithStartWorkflowExecution',
  'StartWorkflowExecution',
  'UpdateWorkflowExecution',
]
/** What comes in errors and payloads is found by its name while the program runs: all of these packages stays. */
const WHOLE =
  /^temporal\.api\.(common|enums|errordetails|failure|operatorservice|sdk|testservice)\.v1\.|^google\.(protobuf|rpc)\.|^grpc\./

/**
 * A webpack loader for the SDK's module with the description of Temporal's protocol: leaves in what the calls above need. The
 * SDK builds all that it describes anew at every start, three quarters of it for others; that was a third of what starting a command took.
 */
module.exports = function protocol(source) {
  const call = /\.addJSON\((\{[\s\S]*\})\);?\s/.exec(source)
  if (call === null) throw new Error('the description of the protocol has another form')
  const whole = { nested: JSON.parse(call[1]) }
  const service = SERVICE.split('.').reduce((entry, part) => entry.nested[part], whole)
  service.methods = Object.fromEntries(CALLS.map((name) => [name, service.methods[name]]))
  const rest = only(whole, neededOf(whole, createRequire(this.resourcePath)('protobufjs/light')))
  return source.replace(call[1], () => `JSON.parse(${JSON.stringify(JSON.stringify(rest.nested))})`)
}

/** The full names of what stays: the service's calls, the whole packages, and whatever they name, to the last. */
function neededOf(whole, { Root, Type, Enum, Service }) {
  const root = Root.fromJSON(structuredClone(whole)).resolveAll()
  const needed = new Set()
  const waiting = []
  const add = (one) => {
    if (!one || one === root || needed.has(nameOf(one))) return
    needed.add(nameOf(one))
    waiting.push(one)
  }
  const begin = (one) => {
    const named = one instanceof Type || one instanceof Enum || one instanceof Service
    if (named && (WHOLE.test(nameOf(one)) || nameOf(one) === SERVICE)) add(one)
    for (const inside of one.nestedArray ?? []) begin(inside)
  }
  begin(root)
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    add(one.parent)
    for (const field of one.fieldsArray ?? []) add(field.resolvedType)
    for (const method of one.methodsArray ?? []) {
      add(method.resolvedRequestType)
      add(method.resolvedResponseType)
    }
  }
  return needed
}

function nameOf(one) {
  return one.fullName.slice(1)
}

/** The same description with the needed entries alone. */
function only({ nested, ...entry }, needed, name = '') {
  const kept = Object.entries(nested ?? {}).flatMap(([key, inside]) => {
    const itsName = name === '' ? key : `${name}.${key}`
    return needed.has(itsName) ? [[key, only(inside, needed, itsName)]] : []
  })
  return kept.length === 0 ? entry : { ...entry, nested: Object.fromEntries(kept) }
}
