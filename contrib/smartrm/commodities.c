#include "contrib/smartrm/commodities.h"

#include <assert.h>

const struct commodity commodities[COMMODITY_COUNT] = {
    {"1000001", "农夫山泉 饮用天然水 550ml", {"饮料", "水", "天然水"}, {"畅销", "无糖"}, 199, 100},
    {"1000002", "可口可乐 330ml", {"饮料", "碳酸饮料", "可乐"}, {"畅销", "冰镇"}, 329, 90},
    {"1000003", "康师傅 冰红茶 500ml", {"饮料", "茶饮料", "红茶"}, {"冰镇"}, 349, 80},
    {"1000004", "东方树叶 茉莉花茶 500ml", {"饮料", "茶饮料", "花茶"}, {"无糖", "新品"}, 517, 70},
    {"1000005", "红牛 维生素功能饮料 250ml", {"饮料", "功能饮料", "能量饮料"}, {"提神"}, 583, 60},
    {"1000006", "乐事 薯片 原味 75g", {"零食", "膨化食品", "薯片"}, {"畅销", "分享"}, 689, 50},
    {"1000007", "奥利奥 夹心饼干 97g", {"零食", "饼干", "夹心饼干"}, {"早餐"}, 731, 40},
    {"1000008", "德芙 丝滑牛奶巧克力 43g", {"零食", "糖果", "巧克力"}, {"送礼", "甜"}, 879, 30},
    {"1000009", "三只松鼠 每日坚果 25g", {"零食", "坚果", "混合坚果"}, {"健康", "早餐"}, 957, 20},
    {"1000010", "清风 手帕纸 \"原木纯品\" 6包", {"日用", "纸品", "手帕纸"}, {NULL}, 613, 10},
};

size_t commodity_of_ticket(uint32_t ticket)
{
    assert(ticket < COMMODITY_TOTAL_WEIGHT);
    size_t i = 0;
    while (ticket >= commodities[i].weight) {
        ticket -= commodities[i].weight;
        i++;
    }
    return i;
}

static void write_member(struct text *text, const char *key, const char *value)
{
    text_append_format(text, "    \"%s\": \"", key);
    for (const char *c = value; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            text_append_char(text, '\\');
        text_append_char(text, *c);
    }
    text_append(text, "\",\n");
}

static void write_commodity(struct text *text, const struct commodity *commodity)
{
    text_append(text, "{\n");
    write_member(text, "commodityId", commodity->id);
    write_member(text, "commodityName", commodity->name);
    text_append_format(text, "    \"price\": %u.%02u,\n", commodity->price / 100,
                       commodity->price % 100);
    write_member(text, "firstLevelCategory", commodity->categories[0]);
    write_member(text, "secondLevelCategory", commodity->categories[1]);
    write_member(text, "thirdLevelCategory", commodity->categories[2]);
    text_append(text, "    \"label\": [");
    for (size_t i = 0; i < COMMODITY_MAX_LABELS && commodity->labels[i] != NULL; i++)
        text_append_format(text, "%s\"%s\"", i > 0 ? ", " : "", commodity->labels[i]);
    text_append(text, "]\n}\n");
}

void commodities_write(struct text *text)
{
    for (size_t i = 0; i < COMMODITY_COUNT; i++)
        write_commodity(text, &commodities[i]);
}
