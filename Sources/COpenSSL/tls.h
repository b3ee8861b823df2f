// TLS of OpenSSL 3 for Swift: what are macros there, and the settings that every context of this
// program has. Nothing here keeps state of its own.
#ifndef WAGGLE_COPENSSL_TLS_H
#define WAGGLE_COPENSSL_TLS_H

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

// The answer to a peer that speaks plain HTTP to a port of TLS.
static inline int copenssl_is_plain_http(unsigned long error) {
  return ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) == SSL_R_HTTP_REQUEST;
}

static inline void copenssl_retry_read(BIO *_Nonnull bio) { BIO_set_retry_read(bio); }
static inline void copenssl_clear_retry(BIO *_Nonnull bio) { BIO_clear_retry_flags(bio); }
static inline int copenssl_source_sink(void) { return BIO_get_new_index() | BIO_TYPE_SOURCE_SINK; }

// A protocol that both sides know, or a refusal where the client offers only others.
// Source: RFC 7301, section 3.2.
static inline int copenssl_select_http11(
    SSL *session, const unsigned char **out, unsigned char *out_count, const unsigned char *in,
    unsigned int in_count, void *data) {
  static const unsigned char http11[] = "\x08http/1.1";
  unsigned char *selected;
  (void)session;
  (void)data;
  if (SSL_select_next_proto(&selected, out_count, http11, sizeof http11 - 1, in, in_count) !=
      OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = selected;
  return SSL_TLSEXT_ERR_OK;
}

// What both sides of this program have in common: TLS 1.2 and 1.3, forward secrecy and
// authenticated encryption only, no compression, no renegotiation, little memory while idle.
static inline SSL_CTX *_Nullable copenssl_tls_context(int is_server) {
  SSL_CTX *context = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());
  if (context == NULL) return NULL;
  SSL_CTX_set_security_level(context, 2);
  SSL_CTX_set_options(
      context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // A record's header and its body come with one system call.
  SSL_CTX_set_read_ahead(context, 1);
  // Sessions are resumed by tickets, which the client keeps; the server keeps nothing.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1) {
    SSL_CTX_free(context);
    return NULL;
  }
  if (is_server) {
    SSL_CTX_set_alpn_select_cb(context, copenssl_select_http11, NULL);
    SSL_CTX_set_session_id_context(context, (const unsigned char *)"waggle", 6);
  }
  return context;
}

static inline int copenssl_tls_no_passphrase(char *buffer, int size, int writing, void *data) {
  (void)buffer;
  (void)size;
  (void)writing;
  (void)data;
  return -1;
}

// Gives a context its certificate with the chain above it, and the key; 1 where they fit together.
static inline int copenssl_tls_use(
    SSL_CTX *_Nonnull context, const void *_Nullable chain, int chain_count,
    const void *_Nullable key, int key_count) {
  int result = 0;
  X509 *certificate = NULL;
  EVP_PKEY *private_key = NULL;
  BIO *chain_source = BIO_new_mem_buf(chain, chain_count);
  BIO *key_source = BIO_new_mem_buf(key, key_count);
  if (chain_source == NULL || key_source == NULL) goto done;
  certificate = PEM_read_bio_X509_AUX(chain_source, NULL, copenssl_tls_no_passphrase, NULL);
  if (certificate == NULL || SSL_CTX_use_certificate(context, certificate) != 1) goto done;
  for (;;) {
    X509 *above = PEM_read_bio_X509(chain_source, NULL, copenssl_tls_no_passphrase, NULL);
    if (above == NULL) break;
    if (SSL_CTX_add0_chain_cert(context, above) != 1) {
      X509_free(above);
      goto done;
    }
  }
  // The end of the file is how a chain ends; anything else is a certificate that cannot be read.
  if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) goto done;
  ERR_clear_error();
  private_key = PEM_read_bio_PrivateKey(key_source, NULL, copenssl_tls_no_passphrase, NULL);
  if (private_key == NULL) goto done;
  result = SSL_CTX_use_PrivateKey(context, private_key) == 1 &&
           SSL_CTX_check_private_key(context) == 1;
done:
  EVP_PKEY_free(private_key);
  X509_free(certificate);
  BIO_free(chain_source);
  BIO_free(key_source);
  return result;
}

// When the certificate of a context ends, in seconds of Unix time; 0 where there is none.
static inline long long copenssl_tls_expiry(SSL_CTX *_Nonnull context) {
  struct tm end;
  X509 *certificate = SSL_CTX_get0_certificate(context);
  if (certificate == NULL || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1) return 0;
  return (long long)timegm(&end);
}

// Has a client check that the certificate is one of this name or IP address, and ask for it.
static inline int copenssl_tls_expect(SSL *_Nonnull session, const char *_Nonnull name) {
  X509_VERIFY_PARAM *wanted = SSL_get0_param(session);
  if (X509_VERIFY_PARAM_set1_ip_asc(wanted, name) == 1) return 1;
  ERR_clear_error();
  return SSL_set1_host(session, name) == 1 && SSL_set_tlsext_host_name(session, name) == 1;
}

static inline int copenssl_tls_offer_http11(SSL *_Nonnull session) {
  return SSL_set_alpn_protos(session, (const unsigned char *)"\x08http/1.1", 9) == 0;
}

#endif
