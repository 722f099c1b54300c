// Schedule: an order of tasks in which each comes after what it needs, as near to the graph's own order as that allows.
import { addTo } from "./lists.ts";

/** One emission. */
export interface Task {
  /** Smaller comes first where the order is free. */
  readonly priority: number;
  /** Level of the group it emits (fuse.ts); 0 for copies. */
  readonly level: number;
  readonly after: Set<Task>;
  readonly run: () => void;
}

/** The tasks in order, or undefined if they wait for each other in a circle. */
export function order(tasks: readonly Task[]): Task[] | undefined {
  const waiting = new Map<Task, number>();
  const followers = new Map<Task, Task[]>();
  const ready = new Heap();
  for (const task of tasks) {
    waiting.set(task, task.after.size);
    if (task.after.size === 0) ready.push(task);
    for (const before of task.after) addTo(followers, before, task);
  }
  const result: Task[] = [];
  for (let task = ready.pop(); task !== undefined; task = ready.pop()) {
    result.push(task);
    for (const follower of followers.get(task) ?? []) {
      const left = (waiting.get(follower) as number) - 1;
      waiting.set(follower, left);
      if (left === 0) ready.push(follower);
    }
  }
  return result.length === tasks.length ? result : undefined;
}

/** A binary heap by priority. */
class Heap {
  readonly #tasks: Task[] = [];

  push(task: Task): void {
    const heap = this.#tasks;
    let i = heap.length;
    heap.push(task);
    while (i > 0) {
      const up = (i - 1) >> 1;
      if (heap[up].priority <= task.priority) break;
      heap[i] = heap[up];
      i = up;
    }
    heap[i] = task;
  }

  pop(): Task | undefined {
    const heap = this.#tasks;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1].priority < heap[child].priority) child++;
      if (heap[child].priority >= last.priority) break;
      heap[i] = heap[child];
      i = child;
    }
    heap[i] = last;
    return first;
  }
}
