import { IndexStrings } from '../../packages/batch/src/ids/index-strings.ts'
import { Flight } from '../../packages/cache/src/flight/flight.ts'
import { Flights } from '../../packages/cache/src/flight/flights.ts'
import { Queue, type Place } from '../../packages/pool/src/connections/queue.ts'

/** What one call holds: about a kilobyte, which a young collection frees if nothing old refers to it. */
class Payload {
  readonly content = Array.from({ length: 120 }, (_, at) => at)
}

/** One item in and out of a structure, with 64 others in it. */
type Step = (number: number) => void

const IN_FLIGHT = 64

/** Calls `enter` for each item, and `leave` for the one that came 64 before it. */
function passing<T>(enter: (number: number) => T, leave?: (item: T) => unknown): Step {
  const items: (T | undefined)[] = Array.from({ length: IN_FLIGHT })
  return (number) => {
    const at = number % IN_FLIGHT
    const left = items[at]
    if (left !== undefined) leave?.(left)
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

/**
 * Makes objects whose first instances live long, while the young generation has its full size, and then short-lived ones. What lives long stays:
 * a full collection that frees most of the old generation would have V8 forget what it has learnt.
 */
function afterLongLived(make: (response: Payload, startTime: number) => object): Step {
  const live = Array.from({ length: 200_000 }, (_, at) => [at, at, at, at, at, at, at, at])
  let last: object = live
  for (let number = 0; number < 3_000; number++) {
    live.push([number], [])
    longLived.push(live, make(new Payload(), number))
    last = Array.from({ length: 8_000 }, () => number)
  }
  return (number) => {
    last = make(new Payload(), number)
    if (last === longLived[0]) throw new Error('never, but V8 cannot know that')
  }
}

const longLived: object[] = []

export interface Scenario {
  /** Makes what items pass through, and returns the work for one item. */
  readonly start: () => Step
  /** Flags of V8 for its process. */
  readonly flags?: readonly string[]
}

/** Code that V8 has not optimized yet, as all code is at first. */
const UNOPTIMIZED = ['--no-opt', '--no-maglev']

/** The usual way and Harbor's, for each claim of docs/decisions/young-generation.md. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'a `Set`': { start: throughSet },
  'a linked list: `Queue` of the pool': { start: throughQueue },
  'a `Map` from names to loads': { start: throughMap },
  'a `Map` from names to positions: `Flights` of the cache': { start: throughFlights },
  'an object literal whose first instances lived long': { start: () => afterLongLived(asLiteral) },
  'a class whose first instances lived long': {
    start: () => afterLongLived((...of) => new AsInstance(...of)),
  },
  'an object that listens to a signal, until V8 optimizes the code': {
    start: throughListener,
    flags: UNOPTIMIZED,
  },
  'a function that listens to a signal, until V8 optimizes the code': {
    start: throughFunction,
    flags: UNOPTIMIZED,
  },
  'an object that listens to a signal': { start: throughListener },
  'a function that listens to a signal': { start: throughFunction },
  'an object literal with a getter': { start: () => passing(() => withGetter(new Payload())) },
  'a class with a getter': { start: () => passing(() => new WithGetter(new Payload())) },
  '`String(number)`, which has no payload': { start: () => passing(String) },
  'a string of two parts: `IndexStrings` of bulk runs': { start: throughIndexStrings },
}

function throughSet(): Step {
  const set = new Set<Payload>()
  return passing(
    () => {
      const item = new Payload()
      set.add(item)
      return item
    },
    (item) => set.delete(item),
  )
}

function throughQueue(): Step {
  const queue = new Queue<Payload>()
  return passing(
    () => queue.enter(new Payload()),
    (place: Place<Payload>) => queue.leave(place),
  )
}

function throughMap(): Step {
  const map = new Map<string, Flight<Payload>>()
  return passing(
    (number) => {
      const name = `key-${number}`
      map.set(name, flight())
      return name
    },
    (name) => map.delete(name),
  )
}

function throughFlights(): Step {
  const flights = new Flights<Payload>()
  return passing(
    (number) => {
      const name = `key-${number}`
      flights.set(name, flight(), false, [])
      return name
    },
    (name) => flights.detach(name),
  )
}

function throughListener(): Step {
  return passing(
    () => {
      const { signal } = new AbortController()
      const listener = { payload: new Payload(), handleEvent: () => undefined }
      signal.addEventListener('abort', listener)
      return { signal, listener }
    },
    ({ signal, listener }) => signal.removeEventListener('abort', listener),
  )
}

function throughFunction(): Step {
  return passing(
    () => {
      const { signal } = new AbortController()
      const payload = new Payload()
      const listener = (): number => payload.content.length
      signal.addEventListener('abort', listener)
      return { signal, listener }
    },
    ({ signal, listener }) => signal.removeEventListener('abort', listener),
  )
}

function throughIndexStrings(): Step {
  const strings = new IndexStrings()
  return passing((number) => strings.of(number))
}

function withGetter(payload: Payload): { readonly content: readonly number[] } {
  return {
    get content() {
      return payload.content
    },
  }
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
