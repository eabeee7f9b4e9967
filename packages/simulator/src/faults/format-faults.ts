import { type Answer, doneFrame } from '../answers/answer.ts'
import type { Delivery } from '../deliver.ts'
import type { FaultOf } from '../script/fault.ts'
import type { FormatFault } from '../script/stream-fault.ts'

type Shapers = { [Type in FormatFault['type']]: (answer: Answer, fault: FaultOf<Type>) => Delivery }

/** The functions that give a good answer an unusual format, by the type of the fault. */
export const formatFaults: Shapers = {
  gzip: (_, { encoding = 'gzip' }) => ({ encoding }),
  split: ({ frames }, { bytes, crlf }) => ({
    frames: crlf ? frames.map(withCrlf) : frames,
    packets: { bytes, everyMs: 0 },
  }),
  crlf: ({ frames, stream }) => ({ frames: stream ? frames.map(withCrlf) : frames }),
  'no-done': ({ frames }) => ({ frames: frames.filter((frame) => frame !== doneFrame) }),
}

function withCrlf(frame: string): string {
  // Gemini's lines end like this already.
  return frame.replaceAll(/\r?\n/g, '\r\n')
}
