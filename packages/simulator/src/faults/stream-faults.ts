import type { Answer } from '../answers/answer.ts'
import type { Call } from '../call.ts'
import type { Delivery } from '../deliver.ts'
import type { FaultOf } from '../script/fault.ts'
import type { StreamFault } from '../script/stream-fault.ts'

type Shapers = {
  [Type in StreamFault['type']]: (answer: Answer, fault: FaultOf<Type>, call: Call) => Delivery
}

/** The functions that disturb a good answer while it is written, by the type of the fault. */
export const streamFaults: Shapers = {
  'stream-cut': (answer, fault) => ({
    frames: breakOff(answer, fault),
    ending: fault.reset ? 'reset' : 'close',
  }),
  'stream-stall': (answer, fault) => ({ frames: breakOff(answer, fault), ending: 'stall' }),
  'stream-end': (answer, fault) => ({ frames: answer.frames.slice(0, fault.afterEvents) }),
  'stream-garbage': ({ frames, stream }, { afterEvents }) => ({
    frames: frames.map((frame, index) =>
      index === afterEvents ? brokenData(frame) + (stream ? '\n\n' : '') : frame,
    ),
  }),
  'stream-error': ({ frames }, fault, call) => ({
    frames: [...frames.slice(0, fault.afterEvents), ...call.wire.streamError(fault, call.question())],
  }),
  'stream-duplicate': ({ frames }, { event }) => ({
    frames: frames.flatMap((frame, index) => (index === event ? [frame, frame] : [frame])),
  }),
  'stream-drip': (_, { bytes, ms }) => ({ packets: { bytes, everyMs: ms } }),
  'stream-comments': ({ frames, contentType }, { count, everyMs = 0 }) => ({
    // Servers keep the connection of a JSON answer alive with blank lines.
    frames: [
      ...Array.from({ length: count }, () => (isEventStream(contentType) ? ': keep-alive\n\n' : '\n')),
      ...frames,
    ],
    pauses: [0, ...Array.from({ length: count }, () => everyMs)],
  }),
  'stream-slow-first': (_, { ms }) => ({ pauses: [ms] }),
}

function breakOff(
  { frames }: Answer,
  { afterEvents, inside = false }: FaultOf<'stream-cut' | 'stream-stall'>,
): readonly string[] {
  const next = frames[afterEvents]
  const whole = frames.slice(0, afterEvents)
  return inside && next !== undefined ? [...whole, firstHalf(next)] : whole
}

function firstHalf(frame: string): string {
  return frame.slice(0, Math.floor(frame.length / 2))
}

function isEventStream(contentType: string): boolean {
  return contentType.startsWith('text/event-stream')
}

/** Returns an event whose data ends in the middle. A line with the event's name stays whole. */
function brokenData(frame: string): string {
  const data = frame.indexOf('data: ') + 'data: '.length
  return frame.startsWith('data: ') || frame.startsWith('event: ')
    ? frame.slice(0, data + Math.floor((frame.length - data) / 2))
    : firstHalf(frame)
}
