import { Journal, type Browser, type Page, type Scope } from '@sluice/testkit';

export interface ChatPageOptions {
  readonly viewport?: { readonly width: number; readonly height: number };
  readonly colorScheme?: 'light' | 'dark';
  readonly phone?: boolean;
}

/** What the connection's indicator has shown: its state, and the node where there is one. */
export interface ShownConnection {
  readonly state: string;
  readonly node: string | null;
}

declare global {
  // Called in the page, answered here.
  var sluiceShown: (connection: ShownConnection) => Promise<void>;
}

/** The chat in a browser tab of its own, with the storage of a stranger, steered and read through its test ids. */
export class ChatPage {
  readonly page: Page;
  readonly connections = new Journal<ShownConnection>();
  /** The paths of what it has asked for over HTTP. */
  readonly requests = new Journal<string>();
  /** The `auth` of each connection over a WebSocket. */
  readonly introductions = new Journal<Readonly<Record<string, unknown>>>();
  readonly #errors: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on('pageerror', (error) => this.#errors.push(String(error)));
    page.on('request', (request) => this.requests.add(new URL(request.url()).pathname));
    page.on('websocket', (socket) =>
      socket.on('framesent', ({ payload }) => {
        const text = String(payload);
        // Engine.IO's message (4), Socket.IO's CONNECT (0).
        if (text.startsWith('40'))
          this.introductions.add(JSON.parse(text.slice(2)) as { [key: string]: unknown });
      }),
    );
  }

  /** Opens the sign-in screen. */
  static async open(
    scope: Scope,
    browser: Browser,
    url: string,
    options: ChatPageOptions = {},
  ): Promise<ChatPage> {
    const context = await browser.newContext({
      viewport: options.viewport ?? { width: 1280, height: 800 },
      colorScheme: options.colorScheme ?? 'light',
      isMobile: options.phone ?? false,
      hasTouch: options.phone ?? false,
      locale: 'en-GB',
    });
    scope.onClose(() => context.close());
    context.setDefaultTimeout(20_000);
    const chat = new ChatPage(await context.newPage());
    await chat.page.exposeFunction('sluiceShown', (shown: ShownConnection) => chat.connections.add(shown));
    await chat.page.addInitScript(reportConnection);
    await chat.page.goto(url);
    return chat;
  }

  get errors(): readonly string[] {
    return this.#errors;
  }

  byId(id: string) {
    return this.page.getByTestId(id);
  }

  async signIn(name: string): Promise<void> {
    await this.byId('signin-name').fill(name);
    await this.byId('signin-submit').click();
    await this.untilConnection('connected');
  }

  async join(room: string): Promise<void> {
    await this.byId('room-input').fill(room);
    await this.byId('room-join').click();
    await this.page.locator(`[data-testid=room-item][data-room="${room}"][aria-current=page]`).waitFor();
    await this.byId('composer').waitFor();
  }

  async write(text: string): Promise<void> {
    await this.byId('composer').fill(text);
  }

  async say(text: string): Promise<void> {
    await this.write(text);
    await this.byId('send').click();
  }

  message(text: string, status?: 'pending' | 'sent' | 'failed') {
    const selector = `[data-testid=message]${status === undefined ? '' : `[data-status=${status}]`}`;
    return this.page.locator(selector).filter({ hasText: text });
  }

  messageWithId(id: string) {
    return this.page.locator(`[data-testid=message][data-id="${id}"]`);
  }

  /** The ids of the messages on the page, from top to bottom. */
  async ids(): Promise<string[]> {
    return await this.byId('message').evaluateAll((rows) =>
      rows.flatMap((row) => row.getAttribute('data-id') ?? []),
    );
  }

  async node(): Promise<string> {
    return (await this.byId('connection').getAttribute('data-node')) ?? '';
  }

  async untilConnection(state: string): Promise<void> {
    await this.page.locator(`[data-testid=connection][data-state=${state}]`).waitFor();
  }

  /** How far the page can be scrolled sideways, in CSS pixels. */
  async sidewaysPx(): Promise<number> {
    return await this.page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
  }

  /** Presses Tab until the element with this test id has the focus. */
  async tabTo(id: string): Promise<void> {
    for (let presses = 0; presses < 40; presses++) {
      const focused = await this.page.evaluate(() => document.activeElement?.getAttribute('data-testid'));
      if (focused === id) return;
      await this.page.keyboard.press('Tab');
    }
    throw new Error(`${id} cannot be reached by the Tab key`);
  }
}

/** Runs in the page: tells each change of the connection's indicator. */
function reportConnection(): void {
  let last = '';
  const look = () => {
    const element = document.querySelector('[data-testid=connection]');
    if (element === null) return;
    const shown = {
      state: element.getAttribute('data-state') ?? '',
      node: element.getAttribute('data-node'),
    };
    const text = JSON.stringify(shown);
    if (text === last) return;
    last = text;
    void sluiceShown(shown);
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true });
}
