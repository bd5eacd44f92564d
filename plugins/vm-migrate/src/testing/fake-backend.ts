/**
 * A backend for tests of pages: answers per operation, as the real one speaks over HTTP (msw), with a
 * stream of events that a test feeds. The client under test is the real one.
 */
import {
  apiClient,
  operationPath,
  STREAM_PATH,
  type ApiClient,
  type EventView,
  type OperationAnswers,
  type OperationInput,
  type OperationName,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { http, HttpResponse } from 'msw';
import { setupServer } from 'msw/node';
import { liveHubOf } from '../surface/live-hub';

const BASE = 'http://backend.test/api/vm-migrate';

export type Answer<Name extends OperationName> = (
  input: OperationInput<Name>,
) => OperationAnswers[Name] | Response | Promise<OperationAnswers[Name] | Response>;

export class FakeBackend {
  /** What was asked for, in order. */
  readonly calls: { readonly name: OperationName; readonly input: unknown }[] = [];
  readonly client: ApiClient = apiClient({ baseUrl: () => BASE });
  readonly #streams = new Set<ReadableStreamDefaultController<Uint8Array>>();
  /** What a stream is answered with instead; undefined: it stands. */
  #refusal: (() => Response) | undefined;
  /** Streams that were asked for. */
  streams = 0;
  readonly #server = setupServer(
    http.get(`${BASE}${STREAM_PATH}`, () => {
      this.streams += 1;
      return this.#refusal?.() ?? this.stream();
    }),
  );

  /** Registers itself with jest: before all, after each, after all of the file. */
  constructor() {
    beforeAll(() => this.#server.listen({ onUnhandledFrame: 'error' }));
    afterEach(() => {
      this.#server.resetHandlers();
      this.calls.length = 0;
      this.#streams.clear();
      this.#refusal = undefined;
      this.streams = 0;
      // What one test was answered is nothing that the next one knows.
      liveHubOf(this.client).queries.clear();
    });
    afterAll(() => this.#server.close());
  }

  /** What is not answered here is an error of the test. */
  answer<Name extends OperationName>(name: Name, answer: Answer<Name>): void {
    this.#server.use(
      http.post(`${BASE}${operationPath(name)}`, async ({ request }) => {
        const input = (await request.json()) as OperationInput<Name>;
        this.calls.push({ name, input });
        const said = await answer(input);
        return said instanceof Response ? said : HttpResponse.json(said as object);
      }),
    );
  }

  /** As the backend says an error. */
  static failure(status: number, code: string, message: string, more: object = {}): Response {
    return HttpResponse.json({ error: { name: code, code, message, ...more } }, { status });
  }

  /** Ends the streams that stand; the next ones are answered with that, until it is undefined. */
  refuseStreams(refusal: (() => Response) | undefined): void {
    this.#refusal = refusal;
    for (const stream of this.#streams) stream.close();
    this.#streams.clear();
  }

  /** To every page that listens. */
  send(event: EventView): void {
    const text = `event: event\ndata: ${JSON.stringify(event)}\n\n`;
    for (const stream of this.#streams) stream.enqueue(new TextEncoder().encode(text));
  }

  private stream(): Response {
    let own: ReadableStreamDefaultController<Uint8Array>;
    const body = new ReadableStream<Uint8Array>({
      start: controller => {
        own = controller;
        this.#streams.add(controller);
        controller.enqueue(new TextEncoder().encode('event: ready\ndata: {"after":0}\n\n'));
      },
      cancel: () => void this.#streams.delete(own),
    });
    return new HttpResponse(body, { headers: { 'content-type': 'text/event-stream' } });
  }
}
