/** The fields in which a member of a `LinkedList` stores its links. */
export interface Listed<Member> {
  previous: Member | undefined
  next: Member | undefined
}

/**
 * A doubly linked list whose members contain the links. A Set would retain the members of each call until a major GC: see
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

  /** Removes a member. Does nothing if the member is not in the list. */
  remove(member: Member): void {
    const { previous, next } = member
    if (previous) previous.next = next
    else if (this.#first === member) this.#first = next
    if (next) next.previous = previous
    member.previous = undefined
    member.next = undefined
  }

  /** Returns the members as an array, so that members may be removed from the list while a caller iterates over the array. */
  all(): Member[] {
    const members: Member[] = []
    for (let member = this.#first; member; member = member.next) members.push(member)
    return members
  }
}
