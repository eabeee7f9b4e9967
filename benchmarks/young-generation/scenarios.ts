import { Flights } from '../../packages/cache/src/flight/flights.ts'
import { Flight } from '../../packages/cache/src/flight/flight.ts'
import { Queue, type Place } from '../../packages/pool/src/connections/queue.ts'

/** What one call holds: about a kilobyte, which a young collection frees if nothing old refers to it. */
class Payload {
  readonly content = Array.from({ length: 120 }, (_, at) => at)
}

/** One item in and out of a structure, with 64 others in it. */
type Step = (number: number) => void

const IN_FLIGHT = 64

/** Calls `enter` for each item, and `leave` for the one that came 64 before it. */
function passing<T>(enter: (number: number) => T, leave: (item: T) => void): Step {
  const items: (T | undefined)[] = Array.from({ length: IN_FLIGHT })
  return (number) => {
    const at = number % IN_FLIGHT
    const left = items[at]
    if (left !== undefined) leave(left)
    items[at] = enter(number)
  }
}

function asLiteral(response: Payload, startTime: number): { response: Payload; startTime: number } {
  return { response, startTime }
}

class AsInstance {
  readonly response: Payload
  readonly startTime: number

  constructor(response: Payload, startTime: number) {
    this.response = response
    this.startTime = startTime
  }
}

/** Makes objects that survive the first collections, as while a program starts, and then short-lived ones. */
function afterLongLived(make: (number: number) => object): Step {
  const survivors = Array.from({ length: 200_000 }, (_, number) => make(number))
  let last: object | undefined
  return (number) => {
    last = make(number)
    if (survivors.length === 0) throw new Error(String(last))
  }
}

/** Each makes its structure and returns the work for one item. */
export const SCENARIOS: Readonly<Record<string, () => Step>> = {
  'a `Set` that items pass through': () => {
    const set = new Set<Payload>()
    return passing(
      () => {
        const item = new Payload()
        set.add(item)
        return item
      },
      (item) => void set.delete(item),
    )
  },
  'a linked list (`Queue` of the pool)': () => {
    const queue = new Queue<Payload>()
    return passing(
      () => queue.enter(new Payload()),
      (place: Place<Payload>) => void queue.leave(place),
    )
  },
  'a `Map` from names to loads': () => {
    const map = new Map<string, Flight<Payload>>()
    return passing(
      (number) => {
        const name = `key-${number}`
        map.set(name, flight())
        return name
      },
      (name) => void map.delete(name),
    )
  },
  'a `Map` from names to positions (`Flights` of the cache)': () => {
    const flights = new Flights<Payload>()
    return passing(
      (number) => {
        const name = `key-${number}`
        flights.set(name, flight(), false, [])
        return name
      },
      (name) => flights.detach(name),
    )
  },
  'an object literal whose first instances lived long': () => afterLongLived((at) => asLiteral(new Payload(), at)),
  'a class whose first instances lived long': () => afterLongLived((at) => new AsInstance(new Payload(), at)),
  'an object as the listener of a signal': () =>
    passing(
      () => {
        const { signal } = new AbortController()
        const listener = { payload: new Payload(), handleEvent: () => undefined }
        signal.addEventListener('abort', listener)
        return { signal, listener }
      },
      ({ signal, listener }) => signal.removeEventListener('abort', listener),
    ),
  'a function as the listener of a signal': () =>
    passing(
      () => {
        const { signal } = new AbortController()
        const payload = new Payload()
        const listener = (): void => void payload.content
        signal.addEventListener('abort', listener)
        return { signal, listener }
      },
      ({ signal, listener }) => signal.removeEventListener('abort', listener),
    ),
  'an object literal with a getter': () =>
    passing(
      () => {
        const payload = new Payload()
        return {
          get content() {
            return payload.content
          },
        }
      },
      () => undefined,
    ),
  'a class with a getter': () => passing(() => new WithGetter(new Payload()), () => undefined),
  '`String(number)`': () => passing((number) => String(number), () => undefined),
  'a number made of two strings (`IndexStrings` of bulk runs)': () => {
    const digits = Array.from({ length: 1_000 }, (_, at) => String(at).padStart(3, '0'))
    let thousands = -1
    let prefix = ''
    return passing(
      (number) => {
        const own = Math.floor(number / 1_000)
        if (own !== thousands) prefix = String((thousands = own))
        return prefix + (digits[number % 1_000] ?? '')
      },
      () => undefined,
    )
  },
}

class WithGetter {
  readonly #payload: Payload

  constructor(payload: Payload) {
    this.#payload = payload
  }

  get content(): readonly number[] {
    return this.#payload.content
  }
}

/** A load in flight whose result is a payload. */
function flight(): Flight<Payload> {
  const made = new Flight<Payload>()
  made.start(Promise.resolve(new Payload()))
  return made
}
