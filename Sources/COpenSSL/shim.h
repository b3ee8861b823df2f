// OpenSSL 3 for Swift: the headers, and what Swift cannot import from them.
// Only EVP interfaces; nothing that OpenSSL 3 calls deprecated.
#ifndef WAGGLE_COPENSSL_SHIM_H
#define WAGGLE_COPENSSL_SHIM_H

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <stddef.h>

// The parameters of EVP_MAC_init name their digest by pointers that must live through the call.
static inline int copenssl_hmac_sha256_start(
    EVP_MAC_CTX *context, const unsigned char *_Nonnull key, size_t key_count) {
  char digest[] = "SHA256";
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end(),
  };
  return EVP_MAC_init(context, key, key_count, parameters);
}

// Answers "no passphrase": without a callback OpenSSL would ask on the terminal.
static inline int copenssl_no_passphrase(char *buffer, int size, int writing, void *data) {
  (void)buffer;
  (void)size;
  (void)writing;
  (void)data;
  return -1;
}

static inline EVP_PKEY *_Nullable copenssl_read_private_key(const void *pem, int count) {
  BIO *source = BIO_new_mem_buf(pem, count);
  if (source == NULL) return NULL;
  EVP_PKEY *key = PEM_read_bio_PrivateKey(source, NULL, copenssl_no_passphrase, NULL);
  BIO_free(source);
  return key;
}

static inline EVP_PKEY *_Nullable copenssl_read_public_key(const void *pem, int count) {
  BIO *source = BIO_new_mem_buf(pem, count);
  if (source == NULL) return NULL;
  EVP_PKEY *key = PEM_read_bio_PUBKEY(source, NULL, copenssl_no_passphrase, NULL);
  BIO_free(source);
  return key;
}

#endif
