/** What a member of a `LinkedList` carries. */
export interface Listed<Member> {
  previous: Member | undefined
  next: Member | undefined
}

/**
 * A list whose members link to each other. Not a Set, which would retain the members of each call until a major GC: see
 * docs/decisions/young-generation.md.
 */
export class LinkedList<Member extends Listed<Member>> {
  #first: Member | undefined

  get isEmpty(): boolean {
    return this.#first === undefined
  }

  add(member: Member): void {
    const first = this.#first
    member.next = first
    if (first) first.previous = member
    this.#first = member
  }

  /** Does nothing for what is not in the list. */
  remove(member: Member): void {
    const { previous, next } = member
    if (previous) previous.next = next
    else if (this.#first === member) this.#first = next
    if (next) next.previous = previous
    member.previous = undefined
    member.next = undefined
  }

  /** The members as they are now, which may leave in the meantime. */
  all(): Member[] {
    const members: Member[] = []
    for (let member = this.#first; member; member = member.next) members.push(member)
    return members
  }
}
