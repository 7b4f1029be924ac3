import { ChatScreen } from './chat/chat-screen.tsx';
import { useVisibleHeight } from './look/use-visible-height.ts';
import { SignInScreen } from './sign-in/sign-in-screen.tsx';
import { useStore } from './state/use-store.ts';
import type { WebApp } from './web-app.ts';

export function App({ app }: { readonly app: WebApp }) {
  useVisibleHeight();
  const conversation = useStore(app.conversation, (value) => value);
  if (conversation === undefined) {
    return <SignInScreen identity={app.identity} invitation={app.invitation} />;
  }
  const { chat, connection } = conversation;
  return (
    <ChatScreen
      key={chat.state.get().user}
      chat={chat}
      connection={connection}
      signOut={() => app.identity.signOut()}
    />
  );
}
