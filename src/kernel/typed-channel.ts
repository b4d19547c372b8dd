import { channel } from 'node:diagnostics_channel';

export interface TypedChannel<Message> {
  publish(message: Message): void;
  /** @returns how to stop listening */
  subscribe(listener: (message: Message) => void): () => void;
}

/** A named diagnostics channel whose messages have one shape; publishing costs nothing while nobody listens. */
export function typedChannel<Message>(name: string): TypedChannel<Message> {
  const raw = channel(name);
  return {
    publish: (message) => {
      if (raw.hasSubscribers) raw.publish(message);
    },
    subscribe: (listener) => {
      const receive = (message: unknown) => listener(message as Message);
      raw.subscribe(receive);
      return () => raw.unsubscribe(receive);
    },
  };
}
