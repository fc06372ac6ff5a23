/** A typed list of listeners; `on` answers the function that takes the listener off again. */
export class Emitter<T = void> {
  private readonly listeners = new Set<(event: T) => void>();

  on = (listener: (event: T) => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  emit(event: T): void {
    for (const listener of [...this.listeners]) listener(event);
  }
}
