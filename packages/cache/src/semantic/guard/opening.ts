/** A frame at the beginning of a text that does not change what is asked for. */
export interface Opening {
  /** Matches the frame in a text whose first letter is small. */
  readonly pattern: RegExp
  /** Whether the frame is a question, so that a final question mark belongs to it. */
  readonly asks?: true
  /** Whether what follows is a question inside the frame, with its verb at the end. */
  readonly embeds?: true
}
