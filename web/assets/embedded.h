/* The bytes of web/assets: CMakeLists.txt makes them (datemill_web_asset). */
#ifndef DATEMILL_WEB_ASSETS_EMBEDDED_H
#define DATEMILL_WEB_ASSETS_EMBEDDED_H

#include <stddef.h>

extern const char asset_app_css[];
extern const size_t asset_app_css_length;
extern const char asset_app_js[];
extern const size_t asset_app_js_length;
extern const char asset_icon_svg[];
extern const size_t asset_icon_svg_length;

#endif
