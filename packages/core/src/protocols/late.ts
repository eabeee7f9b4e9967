import type { JsonBody } from '../base/json.ts'
import { OTHER } from './unknown/operation.ts'
import type { Operation, OtherEndpoints, Protocol } from './protocol.ts'

/** What Harbor knows of a protocol before the code in its folder is loaded: enough to recognise its requests. */
interface LateProtocolOptions<Name extends string, Operations extends readonly string[]> {
  readonly name: Name
  readonly operations: Operations
  readonly recognises: (path: string, body: JsonBody) => boolean
  /** Recognises a body until the protocol is loaded. */
  readonly operationOfBody?: Protocol['operationOfBody']
  readonly load: () => Promise<Protocol>
}

/** Makes a protocol whose code is loaded only when its first request is recognised. */
export function late<const Name extends string, const Operations extends readonly string[]>({
  name,
  operations,
  recognises,
  operationOfBody,
  load,
}: LateProtocolOptions<Name, Operations>): Protocol & {
  readonly name: Name
  readonly operations: Operations
} {
  let loaded: Protocol | undefined
  return {
    name,
    operations,
    operationOf(path, body, query) {
      if (!recognises(path, body)) return undefined
      return loaded ? loaded.operationOf(path, body, query) : loadFor(path, body, query)
    },
    operationOfBody: (body) => (loaded?.operationOfBody ?? operationOfBody)?.(body),
    otherEndpoints: () => (loaded ? othersOf(loaded) : loadOthers()),
  }

  async function loadOthers(): Promise<OtherEndpoints> {
    loaded = await load()
    return othersOf(loaded)
  }

  async function loadFor(path: string, body: JsonBody, query: string): Promise<Operation> {
    loaded = await load()
    const operation = await loaded.operationOf(path, body, query)
    if (!operation) throw new Error(`${name} recognises a request before it is loaded, and not after.`)
    return operation
  }
}

function othersOf(protocol: Protocol): OtherEndpoints | Promise<OtherEndpoints> {
  return protocol.otherEndpoints?.() ?? OTHER
}
