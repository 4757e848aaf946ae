#include "ingredients/catalogue.h"
