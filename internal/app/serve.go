package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Limits of a connection (R11): whoever is slower than this is cut off.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 10 * time.Second
	writeTimeout  = 60 * time.Second
	idleTimeout   = 90 * time.Second
	maxHeader     = 32 << 10
	stopTimeout   = 10 * time.Second
)

// Server is one listener and what answers on it.
type Server struct {
	Listener net.Listener
	Handler  http.Handler
	TLSCert  string // files; empty serves plain http
	TLSKey   string
}

// Run serves until ctx ends, then stops gracefully: no new connections, answers
// in hand are given, background work in hand is finished.
func (a *App) Run(ctx context.Context, servers ...Server) error {
	a.Start(ctx)
	defer a.Stop()
	return answer(ctx, a.Log, servers...)
}

func answer(ctx context.Context, log *slog.Logger, servers ...Server) error {
	running := make([]*http.Server, len(servers))
	failed := make(chan error, len(servers))
	for i, s := range servers {
		running[i] = newServer(s.Handler, log)
		go func() { failed <- serve(running[i], s) }()
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	for _, s := range running {
		err = errors.Join(err, s.Shutdown(grace))
	}
	return err
}

func serve(s *http.Server, on Server) error {
	var err error
	if on.TLSCert != "" {
		err = s.ServeTLS(on.Listener, on.TLSCert, on.TLSKey)
	} else {
		err = s.Serve(on.Listener)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

func newServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: unmixed(h), ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// unmixed closes a connection after a body in chunks: it may have come with a
// Content-Length too, which net/http has dropped unseen, and RFC 9112 §6.1 wants
// the connection closed then. What a proxy took for the rest of that body, and we
// would take for the next request, is never answered (H14).
func unmixed(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.TransferEncoding) > 0 {
			w.Header().Set("Connection", "close")
		}
		h.ServeHTTP(w, r)
	})
}
